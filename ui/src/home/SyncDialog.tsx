import { useState } from 'react';
import { Refusal } from '../backend/backend';
import { useAgain, useBackend } from '../backend/use';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { TextField } from '../shared/Field';
import { type Live, NOTHING_YET, heard } from '../shared/liveScan';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { StatusWord, Word } from '../shared/Word';
import styles from './SyncDialog.module.css';

/** Consent first, in so many words; then the fetch, live. Nothing leaves the machine before the button. */
export function SyncDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const backend = useBackend();
  const again = useAgain();
  const [reason, setReason] = useState('first fetch of the advisory databases');
  const [live, setLive] = useState<Live | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const fetch = async () => {
    setRefusal(null);
    try {
      await backend.grantConsent({ capability: 'net.http', profile: null, hours: 1, reason });
      setLive(NOTHING_YET);
      await backend.syncDatabases({}, (message) => {
        setLive((before) => heard(before ?? NOTHING_YET, message, Date.now()));
        if (message.news !== 'finished') return;
        again(['openState']);
        if (message.outcome.end === 'failed') setRefusal(new Refusal(message.outcome.error));
        else onDone();
      });
    } catch (thrown) {
      setRefusal(Refusal.of(thrown));
    }
  };
  const fetching = live !== null && live.end === null && refusal === null;
  return (
    <Dialog
      title="Fetch the advisory databases"
      onClose={onClose}
      onSubmit={() => void fetch()}
      foot={
        <>
          <Button onClick={onClose}>{fetching ? 'Hide' : 'Not now'}</Button>
          <Button
            look="primary"
            disabled={fetching || reason.trim() === ''}
            onClick={() => void fetch()}
          >
            {fetching ? 'Fetching…' : 'Consent and fetch'}
          </Button>
        </>
      }
    >
      <p>
        mex asks for your consent to use the network: <code>net.http</code>, for one hour, recorded
        with your name and reason. You can revoke it at any time on the Consents screen.
      </p>
      <ul className={styles.what}>
        <li>It fetches the public snapshots of OSV and RustSec and pins each by its digest.</li>
        <li>
          It sends nothing about your projects: whole snapshots are fetched, nothing is looked up.
        </li>
      </ul>
      <TextField
        label="Reason"
        value={reason}
        disabled={fetching}
        onChange={(event) => setReason(event.target.value)}
      />
      {live !== null && (
        <ul className={styles.lines}>
          {live.lines.map((line) => (
            <li key={line.line} className={styles.line}>
              <code>
                <Untrusted text={line.line} />
              </code>
              <span className={styles.phase}>
                <Untrusted text={line.ended?.summary ?? line.phase} />
              </span>
              {line.ended === null ? (
                <Word tone="running" size="s">
                  running
                </Word>
              ) : (
                <StatusWord status={line.ended.status} />
              )}
            </li>
          ))}
        </ul>
      )}
      {refusal !== null && <TroubleView refusal={refusal} />}
    </Dialog>
  );
}
