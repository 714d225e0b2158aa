import type { ScanView } from '../bindings/desk';
import type { Delta, FindingDelta } from '../bindings/types';
import { useAsk } from '../backend/use';
import { Answer } from '../shared/Answer';
import { Card } from '../shared/Card';
import { count } from '../shared/format';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Section } from '../shared/Screen';
import { Time } from '../shared/Time';
import { Untrusted } from '../shared/Untrusted';
import { Word, type Tone } from '../shared/Word';
import { because } from './because';
import styles from './Since.module.css';

/** What changed since the scan before, and why. What was not looked at is never told as gone. */
export function Since({ view }: { view: ScanView }) {
  const { before } = view;
  const delta = useAsk('delta', { after: view.entry.run_id }, { off: before === null });
  if (before === null) {
    return (
      <Section title="Since the last scan">
        <p className={styles.none}>This is the first scan of this project with a verdict.</p>
      </Section>
    );
  }
  return (
    <Section title="Since the last scan">
      <Answer of={delta} lines={3}>
        {(found) => <Changes delta={found} before={before} />}
      </Answer>
    </Section>
  );
}

const WORDS: Record<FindingDelta['change'], [Tone, string]> = {
  new: ['block', 'new'],
  not_looked_at: ['incomplete', 'not looked at'],
  gone: ['pass', 'gone'],
  unchanged: ['quiet', 'unchanged'],
};

function Changes({ delta, before }: { delta: Delta; before: string }) {
  const changed = delta.findings.filter(
    (finding) => finding.change !== 'unchanged' || finding.changes.length > 0,
  );
  const counts = [
    ['new', delta.counts.new],
    ['gone', delta.counts.gone],
    ['not looked at', delta.counts.not_looked_at],
    ['unchanged', delta.counts.unchanged],
  ] as const;
  return (
    <Card flush>
      <div className={styles.counts}>
        {counts.map(([word, many]) => (
          <span key={word} className={styles.count}>
            <span className={styles.number}>{count(many)}</span> {word}
          </span>
        ))}
        <span className={styles.than}>
          than <Link to={to.scan(before)}>the scan</Link> <Time at={delta.before.begun_at} />
        </span>
      </div>
      {changed.length > 0 && (
        <ul>
          {changed.slice(0, 20).map((finding) => (
            <li
              key={`${finding.change} ${finding.kind} ${finding.subject}`}
              className={styles.change}
            >
              <Word tone={WORDS[finding.change][0]} size="s">
                {WORDS[finding.change][1]}
              </Word>
              <div className={styles.words}>
                <p>
                  <Subject finding={finding} />
                </p>
                {[...finding.causes, ...finding.changes.flatMap((one) => one.causes)]
                  .slice(0, 2)
                  .map((cause) => (
                    <p key={`${cause.kind} ${cause.subject} ${cause.how}`} className={styles.why}>
                      <Untrusted text={because(cause)} />
                    </p>
                  ))}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Subject({ finding }: { finding: FindingDelta }) {
  const problem = (finding.after ?? finding.before)?.problems[0];
  const text = <Untrusted text={finding.subject} />;
  return problem === undefined ? text : <Link to={to.problem(problem)}>{text}</Link>;
}
