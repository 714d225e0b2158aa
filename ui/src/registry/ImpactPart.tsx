import type { RegistryImpact } from '../bindings/more';
import { count, counted, day } from '../shared/format';
import { Id } from '../shared/Id';
import { to } from '../shared/paths';
import { Said } from '../shared/Said';
import { Section } from '../shared/Screen';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import styles from './Registry.module.css';

/** What was asked in the last days, judged again under the draft. */
export function ImpactPart({ impact }: { impact: RegistryImpact }) {
  return (
    <Section title="Impact" note={`last ${counted(impact.days, 'day')}`}>
      <p className={styles.soft}>
        {count(impact.checks)} recorded checks of {counted(impact.operations, 'attempt')}, judged
        again.{' '}
        {impact.left_out > 0 &&
          `${counted(impact.left_out, 'check')} could not be: they are older than the record.`}
      </p>
      <dl className={styles.impactCounts}>
        <div>
          <dt>attempts newly allowed</dt>
          <dd>{count(impact.operations_newly_allowed)}</dd>
        </div>
        <div>
          <dt>attempts newly denied</dt>
          <dd>{count(impact.operations_newly_denied)}</dd>
        </div>
      </dl>
      {impact.changes.length === 0 ? (
        <p className={styles.soft}>Nothing that was asked would have been answered otherwise.</p>
      ) : (
        <ul className={styles.impacts}>
          {impact.changes.map((one, index) => (
            <li key={index} className={styles.impact}>
              <p className={styles.impactHead}>
                {one.change === 'newly_allowed' ? (
                  <Word tone="incomplete" size="s">
                    newly allowed
                  </Word>
                ) : (
                  <Word tone="denied" size="s">
                    newly denied
                  </Word>
                )}
                <span className={styles.soft}>{count(one.count)} ×</span>
              </p>
              <p>
                <Untrusted text={one.capability_id} mono /> under{' '}
                <Untrusted text={one.profile_id} mono />
              </p>
              <p className={styles.soft}>
                {one.engine_id !== '' && (
                  <>
                    <Untrusted text={one.engine_id} mono />,{' '}
                  </>
                )}
                last {day(one.last_at)}
                {one.reason !== '' && (
                  <>
                    : <Said text={one.reason} />
                  </>
                )}
              </p>
              {one.op_ids.length > 0 && (
                <p className={styles.ops}>
                  {one.op_ids.slice(0, 3).map((id) => (
                    <Id key={id} id={id} what="gates of" to={to.gates(id)} />
                  ))}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
