import type { ScanView } from '../bindings/desk';
import { counted } from '../shared/format';
import type { Live } from '../shared/liveScan';
import { Sentence } from '../shared/Sentence';
import { TroubleView } from '../shared/TroubleView';
import { Refusal } from '../backend/backend';
import { VerdictWord, Word } from '../shared/Word';
import { grouped, MEANS, nextStep } from './words';
import styles from './VerdictHead.module.css';

/** The verdict, or why there is none. Never a tick for what has no verdict. */
export function VerdictHead({ view, live }: { view: ScanView; live: Live | undefined }) {
  const { entry, verdict } = view;
  if (verdict !== null) {
    const groups = grouped(verdict);
    return (
      <section className={styles.head} aria-label="Verdict" data-verdict={verdict.verdict}>
        <VerdictWord verdict={verdict.verdict} size="l" />
        <div className={styles.words}>
          <p className={styles.means}>
            {MEANS[verdict.verdict]}{' '}
            <span className={styles.counts}>
              {groups
                .map((group) => `${group.title.toLowerCase()} ${group.reasons.length}`)
                .join(' · ')}
            </span>
          </p>
          <p>
            <strong>Next:</strong> <Sentence text={nextStep(verdict)} capital />
          </p>
        </div>
      </section>
    );
  }
  if (live?.end?.kind === 'failed') return <TroubleView refusal={new Refusal(live.end.error)} />;
  const why = {
    running: 'Another process runs it. Its verdict stands here when it ends.',
    interrupted: entry.state === 'interrupted' ? entry.reason : '',
    ended: view.verdict_absent,
  }[entry.state];
  return (
    <section className={styles.head} aria-label="Verdict">
      <Word tone={entry.state === 'running' ? 'running' : 'quiet'} size="l">
        {entry.state === 'running' ? 'RUNNING' : 'NO VERDICT'}
      </Word>
      <div className={styles.words}>
        <p className={styles.means}>
          <Sentence text={why} capital />
        </p>
        <p>
          {entry.state !== 'running' &&
            `Nothing is clean because of it. ${counted(view.operations.length, 'attempt')} on record. Scan again for a verdict.`}
        </p>
      </div>
    </section>
  );
}
