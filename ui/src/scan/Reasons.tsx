import { useState } from 'react';
import type { Reason, Verdict } from '../bindings/types';
import { Card } from '../shared/Card';
import { Empty } from '../shared/Empty';
import { count } from '../shared/format';
import { Icon } from '../shared/Icon';
import { jobTitle } from '../shared/jobs';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Section } from '../shared/Screen';
import { VulnGrade } from '../shared/Severity';
import { Sentence } from '../shared/Sentence';
import { Untrusted } from '../shared/Untrusted';
import { type Group, grouped } from './words';
import styles from './Reasons.module.css';

const FIRST = 6;

/** Why the verdict is what it is, grouped by what each reason does to it. */
export function Reasons({ verdict }: { verdict: Verdict }) {
  const groups = grouped(verdict);
  if (groups.length === 0) {
    return (
      <Section title="Reasons">
        <Card>
          <Empty why="clean" title="Nothing stands against it">
            Everything the coverage ledger names was scanned.
          </Empty>
        </Card>
      </Section>
    );
  }
  return groups.map((group) => <ReasonGroup key={group.key} group={group} />);
}

function ReasonGroup({ group }: { group: Group }) {
  const [all, setAll] = useState(false);
  const shown = all ? group.reasons : group.reasons.slice(0, FIRST);
  return (
    <Section title={`${group.title} (${count(group.reasons.length)})`} note={group.about}>
      <Card flush>
        <ul>
          {shown.map((reason, index) => (
            <ReasonLine
              key={`${reason.rule} ${reason.subject} ${index}`}
              reason={reason}
              group={group.key}
            />
          ))}
        </ul>
        {shown.length < group.reasons.length && (
          <button type="button" className={styles.more} onClick={() => setAll(true)}>
            Show all {count(group.reasons.length)}
          </button>
        )}
      </Card>
    </Section>
  );
}

const ICONS = {
  blocks: 'stop',
  denies: 'cross',
  leaves_incomplete: 'alert',
  hidden: 'muted',
  warns: 'problems',
} as const;

function ReasonLine({ reason, group }: { reason: Reason; group: Group['key'] }) {
  return (
    <li className={styles.reason}>
      <span className={styles[group]}>
        <Icon name={ICONS[group]} />
      </span>
      <div className={styles.words}>
        <p className={styles.sentence}>
          <Sentence text={reason.sentence} />
        </p>
        <p className={styles.next}>
          <Sentence text={reason.next_step} capital />
        </p>
        <p className={styles.marks}>
          {reason.severity !== null && <VulnGrade severity={reason.severity} />}
          {reason.job !== null && <span>{jobTitle(reason.job)}</span>}
          <code>{reason.rule}</code>
          {reason.lifted_by !== null && (
            <Link to={to.exceptions()}>
              exception <Untrusted text={reason.lifted_by.id} />
            </Link>
          )}
          {reason.fingerprint !== null && <Link to={to.problem(reason.fingerprint)}>Evidence</Link>}
        </p>
      </div>
    </li>
  );
}
