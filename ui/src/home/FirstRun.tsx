import { useState } from 'react';
import { Button } from '../shared/Button';
import { Card } from '../shared/Card';
import { Icon } from '../shared/Icon';
import { SyncDialog } from './SyncDialog';
import styles from './FirstRun.module.css';

/** The first start: what a verdict rests on has to be fetched once, and that needs a consent. */
export function FirstRun() {
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState(false);
  return (
    <Card>
      <div className={styles.first}>
        <span className={styles.icon}>
          <Icon name="bolt" size="l" />
        </span>
        <div className={styles.words}>
          <h2>{done ? 'The advisory databases are here' : 'Fetch the advisory databases first'}</h2>
          <p>
            {done
              ? 'Scans read these pinned snapshots and use no network.'
              : 'Vulnerabilities are judged by pinned snapshots on this machine. Without them a scan is incomplete, never clean. Scans themselves use no network.'}
          </p>
          {!done && (
            <div className={styles.acts}>
              <Button look="primary" onClick={() => setAsking(true)}>
                Fetch with consent…
              </Button>
              <span className={styles.later}>or scan first and see what is missing</span>
            </div>
          )}
        </div>
      </div>
      {asking && (
        <SyncDialog
          onClose={() => setAsking(false)}
          onDone={() => {
            setAsking(false);
            setDone(true);
          }}
        />
      )}
    </Card>
  );
}
