import type { CapabilityDecision } from '../bindings/desk';
import { Card } from '../shared/Card';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Section } from '../shared/Screen';
import { Sentence } from '../shared/Sentence';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import styles from './Checks.module.css';

/** Every right the attempt asked for, and whether it got it. */
export function Checks({ checks }: { checks: readonly CapabilityDecision[] }) {
  if (checks.length === 0) return null;
  return (
    <Section
      title="Capability checks"
      note={`by G-CAP, registry ${checks[0]?.check.capability_registry_version ?? ''}`}
    >
      <Card flush>
        <ul>
          {checks.map(({ event_id, check }) => (
            <li key={event_id} className={styles.check}>
              <span className={styles.word}>
                <Word tone={check.decision_outcome === 'allow' ? 'pass' : 'denied'} size="s">
                  {check.decision_outcome.toUpperCase()}
                </Word>
              </span>
              <span className={styles.capability}>
                <Untrusted text={check.capability_id} mono />
              </span>
              <span className={styles.why}>
                {check.reason === '' ? (
                  <>
                    granted by <code>{check.matched_grant ?? ''}</code> of{' '}
                    <code>{check.profile_id}</code>
                    {check.consent_id !== null && ' with a consent'}
                  </>
                ) : (
                  <Sentence text={check.reason} capital />
                )}
              </span>
              <Link to={to.event(event_id)}>Event</Link>
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  );
}
