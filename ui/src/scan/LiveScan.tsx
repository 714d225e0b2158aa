import type { ScanMode } from '../bindings/types';
import { useTell } from '../backend/use';
import { useAction } from '../shared/actions';
import { Button } from '../shared/Button';
import { Card } from '../shared/Card';
import { elapsed } from '../shared/format';
import { Icon } from '../shared/Icon';
import { JOBS } from '../shared/jobs';
import type { Live, LiveLine } from '../shared/liveScan';
import { Screen, Section } from '../shared/Screen';
import { useNow } from '../shared/Time';
import { TroubleDialog } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { JobLine, WaitingLine } from './JobLine';
import styles from './LiveScan.module.css';

/** A scan while it runs: a line a job, what each reads now, how long, and the way to stop it. */
export function LiveScan({
  runId,
  live,
  project,
  mode,
}: {
  runId: string;
  live: Live;
  project: string;
  mode: ScanMode;
}) {
  const now = useNow(250);
  const cancel = useTell('cancelScan', ['runningScans']);
  const stop = () => cancel.mutate({ id: runId });
  useAction({ title: 'Cancel the scan', group: 'Scan', keys: '$mod+Period', run: stop });
  const elapsedMs = live.elapsedMs + Math.max(0, now - live.heardAt);
  const done = live.lines.filter((line) => line.ended !== null).length;
  return (
    <Screen
      title="Scanning"
      about={
        <>
          <Untrusted text={project} mono />
          {mode === 'release' ? ', for a release' : ''}
        </>
      }
      actions={
        <>
          <span className={styles.clock} role="timer" aria-label="Elapsed">
            {elapsed(elapsedMs)}
          </span>
          <Button
            icon="close"
            look="danger"
            keys="$mod+Period"
            disabled={cancel.isPending}
            onClick={stop}
          >
            {cancel.isPending ? 'Cancelling…' : 'Cancel'}
          </Button>
        </>
      }
    >
      <Section title="Progress" note={`${done} of ${Math.max(live.lines.length, 1)} done`}>
        <Card flush>
          <ul>
            {live.lines.map((line) => (
              <JobLine key={line.line} line={line} elapsedMs={elapsedMs} />
            ))}
            {waiting(live.lines).map((job) => (
              <WaitingLine key={job} job={job} />
            ))}
          </ul>
        </Card>
      </Section>
      {live.notes.length > 0 && (
        <Section title="Worth knowing">
          <ul className={styles.notes}>
            {live.notes.map((note) => (
              <li key={note} className={styles.note}>
                <Icon name="info" />
                <Untrusted text={note} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      {cancel.error !== null && <TroubleDialog refusal={cancel.error} onClose={cancel.reset} />}
    </Screen>
  );
}

/** While the project is staged, the jobs that will follow. */
function waiting(lines: readonly LiveLine[]): string[] {
  const begun = JOBS.some((job) => lines.some((line) => line.line === job.job));
  return begun ? [] : JOBS.map((job) => job.job);
}
