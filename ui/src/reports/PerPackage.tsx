import { type ReactNode, useState } from 'react';
import type { LicenseChoice, LicenseGroup, LicenseRow, LicenseStatement } from '../bindings/more';
import { useAsk, useBackend } from '../backend/use';
import { count } from '../shared/format';
import { cx } from '../shared/cx';
import type { Column } from '../shared/Grid';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Sentence } from '../shared/Sentence';
import { Skeleton } from '../shared/Skeleton';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import { Word } from '../shared/Word';
import { Listing } from './Listing';
import { Tools } from './parts';
import styles from './Reports.module.css';

function unit(row: LicenseRow): string {
  switch (row.unit.of) {
    case 'component':
      return `${row.unit.component.name} ${row.unit.component.version}`;
    case 'project':
      return 'the project’s own files';
    case 'file':
      return row.unit.path;
  }
}

function said(statements: readonly LicenseStatement[]) {
  return statements.length === 0 ? (
    <span className={styles.soft}>nothing</span>
  ) : (
    <span title={statements.map((one) => one.source).join(', ')}>
      <Untrusted text={[...new Set(statements.map((one) => one.text))].join(', ')} />
    </span>
  );
}

function Concluded({ row }: { row: LicenseRow }) {
  return row.concluded === null ? (
    <Word tone="block" size="s">
      UNKNOWN
    </Word>
  ) : (
    <Untrusted text={row.concluded} />
  );
}

const COLUMNS: readonly Column<LicenseRow>[] = [
  {
    key: 'unit',
    title: 'Of',
    width: 'rest',
    cell: (row) => (
      <span>
        <Untrusted text={unit(row)} />
      </span>
    ),
  },
  {
    key: 'concluded',
    title: 'Concluded',
    width: 'l',
    cell: (row) => <Concluded row={row} />,
  },
  { key: 'declared', title: 'Declared', width: 'l', cell: (row) => said(row.declared) },
  { key: 'detected', title: 'Detected', width: 'l', cell: (row) => said(row.detected) },
];

const keyOf = (choice: LicenseChoice) =>
  choice.which === 'expression' ? `=${choice.expression}` : choice.which;

/** By licence on the left, by package on the right; UNKNOWN before everything. */
export function Licenses({ runId }: { runId: string }) {
  const backend = useBackend();
  const [under, setUnder] = useState<LicenseChoice>({ which: 'any' });
  return (
    <div className={styles.byLicense}>
      <Groups runId={runId} under={under} onUnder={setUnder} />
      <div className={styles.units}>
        <Listing<LicenseRow>
          what="licences"
          title="Licence"
          name={`licenses ${runId} ${keyOf(under)}`}
          columns={COLUMNS}
          few={['concluded', 'unit']}
          keyOf={(row) => JSON.stringify(row.unit)}
          load={({ sort: _, ...rest }) => backend.licenses({ run_id: runId, under, ...rest })}
          detail={(row) => <Detail row={row} />}
          clean={{
            title: 'Nothing here has a licence to judge',
            text: 'No package and no file of the project was named by what was scanned.',
          }}
        />
      </div>
    </div>
  );
}

function Groups({
  runId,
  under,
  onUnder,
}: {
  runId: string;
  under: LicenseChoice;
  onUnder: (choice: LicenseChoice) => void;
}) {
  const groups = useAsk('licenseGroups', { run_id: runId, limit: 500 });
  if (groups.isError)
    return (
      <div className={styles.groups}>
        <TroubleView refusal={groups.error} again={() => void groups.refetch()} />
      </div>
    );
  if (groups.data === undefined)
    return (
      <div className={styles.groups}>
        <Skeleton lines={8} />
      </div>
    );
  const { items } = groups.data;
  const all = items.reduce((total, one) => total + one.count, 0);
  const choose = (one: LicenseGroup): LicenseChoice =>
    one.expression === null
      ? { which: 'unknown' }
      : { which: 'expression', expression: one.expression };
  return (
    <nav className={styles.groups} aria-label="By licence">
      <ul>
        <li>
          <Group
            on={under.which === 'any'}
            onChoose={() => onUnder({ which: 'any' })}
            many={groups.data.next === null ? count(all) : `${count(all)}+`}
          >
            All licences
          </Group>
        </li>
        {items.map((one) => (
          <li key={one.expression ?? ''}>
            <Group
              on={keyOf(under) === keyOf(choose(one))}
              onChoose={() => onUnder(choose(one))}
              many={count(one.count)}
              bad={one.expression === null}
            >
              {one.expression === null ? 'UNKNOWN' : <Untrusted text={one.expression} />}
            </Group>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Group({
  on,
  onChoose,
  many,
  bad = false,
  children,
}: {
  on: boolean;
  onChoose: () => void;
  many: string;
  bad?: boolean;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className={cx(styles.group, on && styles.here)}
      aria-pressed={on}
      onClick={onChoose}
    >
      <span className={cx(styles.groupName, bad && styles.bad)}>{children}</span>
      <span className={styles.many}>{many}</span>
    </button>
  );
}

function Detail({ row }: { row: LicenseRow }) {
  return (
    <>
      <h3 className={styles.name}>
        <Untrusted text={unit(row)} />
      </h3>
      {row.concluded === null && (
        <p>
          <Sentence text={row.unknown_because} capital />
        </p>
      )}
      <div className={styles.three}>
        <Said title="Declared" note="what its makers say" statements={row.declared} />
        <Said title="Detected" note="what a tool reads in its texts" statements={row.detected} />
        <section className={styles.part}>
          <h3>Concluded</h3>
          <p className={styles.soft}>the SPDX expression that follows</p>
          <p>
            <Concluded row={row} />
          </p>
        </section>
      </div>
      <section className={styles.part}>
        <h3>Licence texts</h3>
        {row.texts.length === 0 ? (
          <p className={styles.soft}>none at hand</p>
        ) : (
          <KeyValues
            rows={row.texts.map(
              (one) =>
                [
                  visiblePath(one.path),
                  <Id key={one.path} id={one.sha256} what="digest of the text" />,
                ] as const,
            )}
          />
        )}
      </section>
      <KeyValues
        rows={[
          ['Content', <Id key="content" id={row.content_sha256} what="content digest" />],
          [
            'Named in',
            row.lockfiles.length === 0 ? null : (
              <Untrusted key="locks" text={row.lockfiles.join(', ')} mono />
            ),
          ],
          [
            'Exception',
            row.lifted_by === null ? null : (
              <Link key="e" to={to.exceptions()}>
                {row.lifted_by.id}
              </Link>
            ),
          ],
          [
            'Problem',
            row.problem === null ? null : (
              <Link key="problem" to={to.problem(row.problem)}>
                status, evidence and next steps
              </Link>
            ),
          ],
        ]}
      />
      <Tools said={row.attributions} />
    </>
  );
}

function visiblePath(path: string): string {
  return visible(path.split('/').at(-1) ?? path);
}

function Said({
  title,
  note,
  statements,
}: {
  title: string;
  note: string;
  statements: readonly LicenseStatement[];
}) {
  return (
    <section className={styles.part}>
      <h3>{title}</h3>
      <p className={styles.soft}>{note}</p>
      {statements.length === 0 ? (
        <p>nothing</p>
      ) : (
        <ul className={styles.statements}>
          {statements.map((one, index) => (
            <li key={index}>
              <Untrusted text={one.text} />
              <span className={styles.from}>
                <Untrusted text={one.source} mono />
              </span>
              {one.spdx === null ? (
                <span className={styles.from}>no SPDX expression</span>
              ) : (
                one.spdx !== one.text && (
                  <span className={styles.from}>
                    as <Untrusted text={one.spdx} />
                  </span>
                )
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
