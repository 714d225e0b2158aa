import type { ScanView } from '../bindings/desk';
import { Card } from '../shared/Card';
import { counted, day } from '../shared/format';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { to } from '../shared/paths';
import { Section } from '../shared/Screen';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import styles from './Facts.module.css';

/** What the verdict rests on: databases with their dates, sandbox, policy, registry. */
export function Facts({ view }: { view: ScanView }) {
  const { entry, verdict } = view;
  return (
    <Section title="What it rests on">
      <Card>
        <KeyValues
          rows={[
            [
              'Sandbox',
              verdict === null ? null : <Sandbox key="sandbox" level={verdict.sandbox} />,
            ],
            [
              'Databases',
              verdict === null || verdict.databases.length === 0 ? (
                'none was read'
              ) : (
                <ul key="databases" className={styles.databases}>
                  {verdict.databases.map(({ database, age_days, stale }) => (
                    <li
                      key={`${database.ecosystem} ${database.form}`}
                      title={`sha256 ${database.sha256}`}
                    >
                      <span>
                        <Untrusted text={database.ecosystem} /> ({database.form}),{' '}
                        {day(database.date)}
                      </span>
                      {stale ? (
                        <Word tone="incomplete" size="s">{`${counted(age_days, 'day')} old`}</Word>
                      ) : (
                        <span className={styles.age}>{counted(age_days, 'day')} old</span>
                      )}
                    </li>
                  ))}
                </ul>
              ),
            ],
            [
              'Components',
              verdict === null ? null : counted(verdict.counts.components, 'component'),
            ],
            ['Policy', verdict === null ? null : <Untrusted key="policy" text={verdict.policy} />],
            [
              'Exceptions',
              verdict === null
                ? null
                : verdict.exceptions.length === 0
                  ? 'none in force'
                  : counted(verdict.exceptions.length, 'exception'),
            ],
            ['Registry', verdict?.capability_registry_version],
            ['Begun by', <Untrusted key="actor" text={entry.actor_id} />],
            ['Scan', <Id key="scan" id={entry.run_id} what="scan" />],
            [
              'Verdict',
              entry.state === 'ended' && entry.verdict_ref !== null ? (
                <Id
                  key="verdict"
                  id={entry.verdict_ref.sha256}
                  what="artifact"
                  to={to.artifact(entry.verdict_ref.sha256)}
                />
              ) : null,
            ],
          ]}
        />
      </Card>
    </Section>
  );
}

function Sandbox({ level }: { level: 'namespaced' | 'unsandboxed' | null }) {
  if (level === null) return <>no tool ran</>;
  return level === 'namespaced' ? (
    <>namespaces, no network, read-only inputs</>
  ) : (
    <Word tone="incomplete" size="s">
      unsandboxed
    </Word>
  );
}
