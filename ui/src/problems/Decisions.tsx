import type { CapabilityDecision, PolicyDecisions } from '../bindings/desk';
import { day } from '../shared/format';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Sentence } from '../shared/Sentence';
import { Untrusted } from '../shared/Untrusted';
import { type Tone, VerdictWord, Word } from '../shared/Word';
import { Part } from './Part';
import styles from './Decisions.module.css';

const EFFECTS: Record<string, [Tone, string]> = {
  blocks: ['block', 'blocks'],
  denies: ['denied', 'denies'],
  leaves_incomplete: ['incomplete', 'not scanned'],
  warns: ['quiet', 'warns'],
};

/** What allowed, denied, blocked or lifted it. */
export function Decisions({ decisions }: { decisions: PolicyDecisions }) {
  const { run_id, verdict, reasons, exceptions, checks } = decisions;
  const denied = checks.filter(({ check }) => check.decision_outcome === 'deny');
  return (
    <Part title="Policy decisions">
      {run_id !== null && verdict !== null && (
        <p className={styles.line}>
          <VerdictWord verdict={verdict} size="s" />
          <Link to={to.scan(run_id)}>of the newest scan that judged it</Link>
        </p>
      )}
      {reasons.map((reason) => {
        const [tone, word] =
          reason.lifted_by === null
            ? (EFFECTS[reason.effect] ?? ['quiet', reason.effect])
            : (['quiet', 'hidden'] as const);
        return (
          <p key={`${reason.rule} ${reason.subject}`} className={styles.line}>
            <Word tone={tone} size="s">
              {word}
            </Word>
            <code>{reason.rule}</code>
            <span className={styles.sentence}>
              <Sentence text={reason.sentence} />
            </span>
          </p>
        );
      })}
      {exceptions.map((one) => (
        <p key={`${one.exception.document_id} ${one.exception.id}`} className={styles.line}>
          <Word tone="quiet" size="s">
            exception
          </Word>
          <span className={styles.sentence}>
            <Untrusted text={one.reason} />, owner <Untrusted text={one.owner} />, until{' '}
            {day(one.expires)}
          </span>
        </p>
      ))}
      {reasons.length === 0 && exceptions.length === 0 && (
        <p className={styles.none}>No rule of the policy speaks of it.</p>
      )}
      {checks.length > 0 && (
        <details className={styles.checks} open={denied.length > 0}>
          <summary>
            {checks.length} capability checks,{' '}
            {denied.length === 0 ? 'all allowed' : `${denied.length} denied`}
          </summary>
          <ul>
            {checks.map((one) => (
              <Check key={one.event_id} decision={one} />
            ))}
          </ul>
        </details>
      )}
    </Part>
  );
}

function Check({ decision: { event_id, check } }: { decision: CapabilityDecision }) {
  const allowed = check.decision_outcome === 'allow';
  return (
    <li className={styles.line}>
      <Word tone={allowed ? 'pass' : 'denied'} size="s">
        {allowed ? 'ALLOW' : 'DENY'}
      </Word>
      <Link to={to.event(event_id)}>
        <Untrusted text={check.capability_id} mono />
      </Link>
      <span className={styles.sentence}>
        {check.reason === '' ? (
          `granted by ${check.matched_grant ?? check.profile_id}`
        ) : (
          <Sentence text={check.reason} />
        )}
      </span>
    </li>
  );
}
