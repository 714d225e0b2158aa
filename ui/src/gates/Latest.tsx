import { useState } from 'react';
import type { ScanEntry } from '../bindings/types';
import { useAsk } from '../backend/use';
import { Answer } from '../shared/Answer';
import { Button } from '../shared/Button';
import { Card } from '../shared/Card';
import { Empty } from '../shared/Empty';
import { Select } from '../shared/Field';
import { moment } from '../shared/format';
import { to } from '../shared/paths';
import { go } from '../shared/route';
import { Screen } from '../shared/Screen';
import { visible } from '../shared/untrusted';
import { Matrix } from './Matrix';
import styles from './Latest.module.css';

/** The gates of every attempt of one scan side by side; the newest scan first. */
export function Latest() {
  const scans = useAsk('scans', { limit: 50 });
  return (
    <Screen
      title="Gates"
      about="Six gates judge every attempt, before it runs and on what came of it."
    >
      <Answer of={scans}>{({ items }) => <Chosen scans={items} />}</Answer>
    </Screen>
  );
}

function Chosen({ scans }: { scans: readonly ScanEntry[] }) {
  const [runId, setRunId] = useState(scans[0]?.run_id ?? '');
  const operations = useAsk('operations', { of: runId }, { off: runId === '' });
  if (scans.length === 0) {
    return (
      <Empty
        why="never-scanned"
        title="No gate has judged anything yet"
        act={
          <Button look="primary" onClick={() => go(to.home())}>
            Scan a project
          </Button>
        }
      >
        Every attempt to run something is judged and stands here, whatever came of it.
      </Empty>
    );
  }
  return (
    <>
      <div className={styles.choose}>
        <Select label="Scan" value={runId} onChange={(event) => setRunId(event.target.value)}>
          {scans.map((scan) => (
            <option key={scan.run_id} value={scan.run_id}>
              {visible(scan.project)}, {scan.mode === 'release' ? 'release' : 'to know'},{' '}
              {moment(scan.begun_at)}
              {scan.state === 'ended' ? `, ${scan.verdict.toUpperCase()}` : `, ${scan.state}`}
            </option>
          ))}
        </Select>
      </div>
      <Answer of={operations}>
        {(found) =>
          found.length === 0 ? (
            <Card>
              <Empty why="failed" title="This scan made no attempt">
                It ended before an operation was planned; nothing was judged and nothing ran.
              </Empty>
            </Card>
          ) : (
            <Matrix operations={found} />
          )
        }
      </Answer>
    </>
  );
}
