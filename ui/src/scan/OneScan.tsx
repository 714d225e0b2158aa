import { useState } from 'react';
import type { ScanView } from '../bindings/desk';
import { useAction } from '../shared/actions';
import { Button } from '../shared/Button';
import { duration } from '../shared/format';
import type { Live } from '../shared/liveScan';
import { to } from '../shared/paths';
import { go, pathOf } from '../shared/route';
import { Screen } from '../shared/Screen';
import { Time } from '../shared/Time';
import { Untrusted } from '../shared/Untrusted';
import { Facts } from './Facts';
import { JobTable } from './JobTable';
import { Reasons } from './Reasons';
import { retryOf } from './retry';
import { RetryDialog } from './RetryDialog';
import { Since } from './Since';
import { VerdictHead } from './VerdictHead';
import styles from './OneScan.module.css';

/** A scan that ended: the verdict in one word, why, what to do next, and what stands behind it. */
export function OneScan({ view, live }: { view: ScanView; live: Live | undefined }) {
  const { entry, verdict } = view;
  const again = () => go(pathOf('home', [], { project: entry.project }));
  useAction({ title: 'Scan this project again', group: 'Scan', keys: 's a', run: again });
  const retry = retryOf(view);
  const [retrying, setRetrying] = useState(false);
  useAction(
    retry === undefined
      ? undefined
      : {
          title: 'Retry what failed',
          group: 'Scan',
          keys: 's r',
          run: () => setRetrying(true),
        },
  );
  const took =
    entry.ended_at === null
      ? null
      : new Date(entry.ended_at).getTime() - new Date(entry.begun_at).getTime();
  return (
    <Screen
      title="Scan"
      about={
        <>
          <Untrusted text={entry.project} mono />,{' '}
          {entry.mode === 'release' ? 'for a release' : 'to know'}, <Time at={entry.begun_at} />
          {took !== null && `, took ${duration(took)}`}
        </>
      }
      actions={
        <>
          <Button icon="problems" onClick={() => go(to.problems(`scan:${entry.run_id}`))}>
            Its problems
          </Button>
          <Button icon="reports" onClick={() => go(to.reports(entry.run_id))}>
            Reports
          </Button>
          {retry !== undefined && (
            <Button icon="refresh" keys="s r" onClick={() => setRetrying(true)}>
              Retry what failed…
            </Button>
          )}
          <Button icon="play" look="primary" onClick={again}>
            Scan again…
          </Button>
        </>
      }
    >
      <VerdictHead view={view} live={live} />
      <div className={styles.columns}>
        <div className={styles.column}>
          {verdict !== null && <Reasons verdict={verdict} />}
          {verdict !== null && <Since view={view} />}
        </div>
        <div className={styles.column}>
          <JobTable view={view} />
          <Facts view={view} />
        </div>
      </div>
      {retrying && retry !== undefined && (
        <RetryDialog view={view} retry={retry} onClose={() => setRetrying(false)} />
      )}
    </Screen>
  );
}
