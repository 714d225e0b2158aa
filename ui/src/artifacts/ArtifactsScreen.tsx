import { useRef } from 'react';
import type { ArtifactRow } from '../bindings/more';
import { useBackend } from '../backend/use';
import { useAction } from '../shared/actions';
import { Button } from '../shared/Button';
import { Chip } from '../shared/Chip';
import { Empty } from '../shared/Empty';
import { bytes, clock, day, short, words } from '../shared/format';
import { type Column, Grid, type GridHandle } from '../shared/Grid';
import { useLeft } from '../shared/kept';
import { pathOf, swap } from '../shared/route';
import { Screen } from '../shared/Screen';
import { Skeleton } from '../shared/Skeleton';
import { Choice, Toolbar } from '../shared/Toolbar';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { useRows } from '../shared/useRows';
import { ArtifactDrawer } from './ArtifactDrawer';
import styles from './Artifacts.module.css';

const ROLES: readonly string[] = [
  'report',
  'evidence',
  'result',
  'coverage',
  'scan-coverage',
  'verdict',
  'manifest',
  'cyclonedx',
  'spdx',
  'policy',
  'allowlist',
  'stdout',
  'stderr',
  'env',
];

const COLUMNS: readonly Column<ArtifactRow>[] = [
  {
    key: 'sha256',
    title: 'SHA-256',
    width: 'm',
    cell: (row) => <code>{short(row.handle.sha256)}</code>,
  },
  {
    key: 'role',
    title: 'Role',
    width: 'm',
    cell: (row) => <Untrusted text={words(row.handle.role)} />,
  },
  {
    key: 'operation',
    title: 'Of',
    width: 'l',
    cell: (row) =>
      row.operation === '' ? (
        <span className={styles.soft}>the scan</span>
      ) : (
        <Untrusted text={row.operation} mono />
      ),
  },
  {
    key: 'type',
    title: 'Type',
    width: 'rest',
    cell: (row) => (
      <span className={styles.soft}>
        <Untrusted text={row.handle.media_type} />
      </span>
    ),
  },
  {
    key: 'size',
    title: 'Size',
    width: 's',
    end: true,
    cell: (row) => bytes(row.handle.size_bytes),
  },
  {
    key: 'at',
    title: 'Named',
    width: 'l',
    cell: (row) => (
      <span title={row.at}>
        {day(row.at)}, {clock(row.at)}
      </span>
    ),
  },
];
const FEW = COLUMNS.filter((column) => ['sha256', 'role', 'operation'].includes(column.key));

/** Everything that was left as bytes: reports, evidence, verdicts, what tools wrote; by content. */
export function ArtifactsScreen({
  sha256,
  filter,
}: {
  sha256: string | undefined;
  filter: URLSearchParams;
}) {
  const backend = useBackend();
  const grid = useRef<GridHandle>(null);
  const [active, setActive] = useLeft('active', 0);
  const role = filter.get('role');
  const run = filter.get('run');
  const op = filter.get('op');
  const question = { run, op, role };
  const key = JSON.stringify(question);
  const rows = useRows<ArtifactRow>(key, (after, limit) =>
    backend.artifacts({ ...question, after, limit }),
  );
  const at = (id: string | undefined, changes: Readonly<Record<string, string | undefined>> = {}) =>
    swap(
      pathOf('artifacts', id === undefined ? [] : [id], {
        ...Object.fromEntries(filter),
        ...changes,
      }),
    );
  const put = (changes: Readonly<Record<string, string | undefined>>) => {
    setActive(0);
    at(sha256, changes);
  };
  const move = (step: number) => {
    const next = Math.max(0, Math.min(rows.known - 1, active + step));
    const row = rows.row(next);
    if (row === undefined) return;
    setActive(next);
    at(row.handle.sha256);
  };
  useAction({
    title: 'Go to the list',
    group: 'Artifacts',
    keys: 'Alt+KeyG',
    run: () => grid.current?.focus(),
  });
  const nothing = rows.whole && rows.known === 0;
  return (
    <Screen
      title="Artifacts"
      about="Stored by the digest of their bytes, each with where it comes from."
      scrolls={false}
    >
      <Toolbar>
        <Choice
          label="Role"
          value={role ?? ''}
          options={[['', 'any'], ...ROLES.map((one) => [one, words(one)] as const)]}
          onChange={(next) => put({ role: next })}
        />
        {run !== null && run !== '' && (
          <Chip what="scan" value={short(run)} onClear={() => put({ run: undefined })} />
        )}
        {op !== null && op !== '' && (
          <Chip what="attempt" value={short(op)} onClear={() => put({ op: undefined })} />
        )}
      </Toolbar>
      <div className={styles.split}>
        {rows.refusal !== undefined ? (
          <div className={styles.trouble}>
            <TroubleView refusal={rows.refusal} />
          </div>
        ) : nothing ? (
          [role, run, op].some(Boolean) ? (
            <Empty
              why="filtered-out"
              title="No artifact is like this"
              act={<Button onClick={() => swap(pathOf('artifacts'))}>Show all artifacts</Button>}
            >
              The filter above leaves the others out.
            </Empty>
          ) : (
            <Empty why="nothing-yet" title="Nothing is stored yet">
              The first scan leaves its reports, evidence and verdict here.
            </Empty>
          )
        ) : rows.waiting && rows.row(0) === undefined ? (
          <div className={styles.trouble}>
            <Skeleton lines={14} />
          </div>
        ) : (
          <Grid
            ref={grid}
            label="Artifacts, newest first"
            columns={sha256 === undefined ? COLUMNS : FEW}
            count={rows.count}
            row={rows.row}
            keyOf={(row) => `${row.seq} ${row.handle.sha256} ${row.handle.role}`}
            onLook={rows.want}
            active={Math.min(active, Math.max(0, rows.known - 1))}
            onActive={setActive}
            onOpen={(row) => at(row.handle.sha256)}
          />
        )}
        {sha256 !== undefined && (
          <ArtifactDrawer
            key={sha256}
            id={sha256}
            onMove={move}
            onClose={() => {
              at(undefined);
              grid.current?.focus();
            }}
          />
        )}
      </div>
    </Screen>
  );
}
