import { useState } from 'react';
import type { ScanView } from '../bindings/desk';
import { Refusal } from '../backend/backend';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { jobTitle } from '../shared/jobs';
import { useStartScan } from '../shared/LiveScans';
import { to } from '../shared/paths';
import { go } from '../shared/route';
import { TroubleView } from '../shared/TroubleView';
import type { Retry } from './retry';

const named = (jobs: readonly string[]) => jobs.map(jobTitle).join(', ');

/** Says what is begun again and what its verdict will be about, then begins it. */
export function RetryDialog({
  view,
  retry,
  onClose,
}: {
  view: ScanView;
  retry: Retry;
  onClose: () => void;
}) {
  const { entry } = view;
  const start = useStartScan();
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [beginning, setBeginning] = useState(false);
  const begin = () => {
    if (beginning) return;
    setBeginning(true);
    start({
      path: entry.project,
      mode: entry.mode === 'release' ? 'release' : 'normal',
      jobs: retry.begins === 'failed' ? retry.failed : [],
    }).then(
      (runId) => go(to.scan(runId)),
      (thrown: unknown) => {
        setBeginning(false);
        setRefusal(Refusal.of(thrown));
      },
    );
  };
  return (
    <Dialog
      title="Retry what failed"
      onClose={onClose}
      onSubmit={begin}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" icon="play" disabled={beginning} onClick={begin}>
            {retry.begins === 'failed' ? `Scan ${named(retry.failed)}` : 'Scan the whole project'}
          </Button>
        </>
      }
    >
      {refusal !== null && <TroubleView refusal={refusal} />}
      {retry.begins === 'failed' ? (
        <p>
          A new scan begins {named(retry.failed)} and nothing else, on the project as it is now.{' '}
          {named(retry.well)} ended well and are left as they are: the new verdict is not about
          them.
        </p>
      ) : entry.mode === 'release' && retry.well.length > 0 ? (
        <p>
          {named(retry.failed)} did not end well. One scan of a release holds every job, so the
          whole scan is begun again. What ended well and did not change since is not run twice: it
          is marked reused.
        </p>
      ) : (
        <p>No job ended well: the whole scan is begun again, on the project as it is now.</p>
      )}
    </Dialog>
  );
}
