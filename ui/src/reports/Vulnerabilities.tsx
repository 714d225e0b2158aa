import type { VulnerabilityRow, VulnerabilitySort } from '../bindings/more';
import { useBackend } from '../backend/use';
import { counted } from '../shared/format';
import type { Column } from '../shared/Grid';
import { KeyValues } from '../shared/KeyValues';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { VulnGrade } from '../shared/Severity';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { Listing } from './Listing';
import { Path, Tools } from './parts';
import styles from './Reports.module.css';

/** A score in tenths, as everybody writes it. */
export function score(tenths: number | null): string {
  return tenths === null ? 'cannot be computed' : (tenths / 10).toFixed(1);
}

const COLUMNS: readonly Column<VulnerabilityRow>[] = [
  {
    key: 'severity',
    title: 'Severity',
    width: 'm',
    sort: 'severity',
    cell: (row) => <VulnGrade severity={row.severity} />,
  },
  {
    key: 'score',
    title: 'Score',
    width: 's',
    end: true,
    cell: (row) =>
      row.score === null || row.score.tenths === null ? (
        <span className={styles.soft}>none</span>
      ) : (
        <span title={row.score.vector}>{score(row.score.tenths)}</span>
      ),
  },
  {
    key: 'id',
    title: 'Advisory',
    width: 'm',
    sort: 'id',
    cell: (row) => <Untrusted text={row.id} mono />,
  },
  {
    key: 'package',
    title: 'Package',
    width: 'l',
    sort: 'package',
    cell: (row) => <Untrusted text={`${row.package.name} ${row.package.version}`} />,
  },
  {
    key: 'fixed',
    title: 'Fixed in',
    width: 'm',
    cell: (row) =>
      row.fixed_versions.length === 0 ? (
        <span className={styles.soft}>no version</span>
      ) : (
        <Untrusted text={row.fixed_versions.join(', ')} />
      ),
  },
  {
    key: 'summary',
    title: 'What',
    width: 'rest',
    cell: (row) => (
      <span>
        <Untrusted text={row.summary} />
      </span>
    ),
  },
  {
    key: 'tools',
    title: 'Said by',
    width: 'm',
    cell: (row) => {
      const names = [...new Set(row.attributions.map((one) => one.tool))];
      return (
        <span className={styles.soft}>
          {names.length === 1 ? <Untrusted text={names[0] ?? ''} /> : counted(names.length, 'tool')}
        </span>
      );
    },
  },
];

export function Vulnerabilities({ runId }: { runId: string }) {
  const backend = useBackend();
  return (
    <Listing<VulnerabilityRow>
      what="vulnerabilities"
      one="vulnerability"
      title="Vulnerability"
      name={`vulnerabilities ${runId}`}
      sort="severity"
      columns={COLUMNS}
      few={['severity', 'id', 'package']}
      keyOf={(row) => `${row.id} ${row.package.purl}`}
      load={({ sort, ...rest }) =>
        backend.vulnerabilities({ run_id: runId, sort: sort as VulnerabilitySort, ...rest })
      }
      detail={(row) => <Detail row={row} />}
      clean={{
        title: 'No known vulnerability',
        text: 'In what was scanned, by the databases named above. What was not scanned is in the coverage.',
      }}
    />
  );
}

function Detail({ row }: { row: VulnerabilityRow }) {
  return (
    <>
      <h3 className={styles.name}>
        <Untrusted text={row.id} mono />
      </h3>
      <p>
        <Untrusted text={row.summary} />
      </p>
      <p className={styles.words}>
        <VulnGrade severity={row.severity} />
        {row.kind !== 'vulnerability' && (
          <Word tone="incomplete" size="s">
            {row.kind}
          </Word>
        )}
        {row.lifted_by !== null && (
          <Word tone="quiet" size="s">
            lifted by an exception
          </Word>
        )}
      </p>
      <KeyValues
        rows={[
          ['Package', <Untrusted key="purl" text={row.package.purl} mono />],
          [
            'Fixed in',
            row.fixed_versions.length === 0 ? (
              'no version that is known'
            ) : (
              <Untrusted key="fixed" text={row.fixed_versions.join(', ')} />
            ),
          ],
          ['Aliases', <Untrusted key="aliases" text={row.aliases.join(', ')} mono />],
          ['Named in', <Untrusted key="locks" text={row.lockfiles.join(', ')} mono />],
          [
            'Exception',
            row.lifted_by === null ? null : (
              <Link key="exception" to={to.exceptions()}>
                {row.lifted_by.id}
              </Link>
            ),
          ],
          [
            'Problem',
            <Link key="problem" to={to.problem(row.problem)}>
              status, evidence and next steps
            </Link>,
          ],
        ]}
      />
      <section className={styles.part}>
        <h3>How it came in</h3>
        <Path path={row.path} />
      </section>
      <section className={styles.part}>
        <h3>Scores</h3>
        {row.scores.length === 0 ? (
          <p className={styles.soft}>No database gives a vector.</p>
        ) : (
          <ul className={styles.scores}>
            {row.scores.map((one, index) => (
              <li key={index}>
                <strong>{score(one.tenths)}</strong>{' '}
                <span className={styles.soft}>
                  CVSS <Untrusted text={one.version} />, by <Untrusted text={one.source} />
                </span>
                <br />
                <Untrusted text={one.vector} mono />
              </li>
            ))}
          </ul>
        )}
        {row.words.length > 0 && (
          <p className={styles.soft}>
            In words:{' '}
            <Untrusted text={row.words.map((one) => `${one.word} (${one.source})`).join(', ')} />
          </p>
        )}
      </section>
      <Tools said={row.attributions} />
    </>
  );
}
