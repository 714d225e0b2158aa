import type { SecretRow } from '../bindings/more';
import { useBackend } from '../backend/use';
import type { Column } from '../shared/Grid';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { Listing } from './Listing';
import { Tools } from './parts';
import styles from './Reports.module.css';

const line = (row: SecretRow): string =>
  row.start_line === 0
    ? ''
    : row.end_line > row.start_line
      ? `${row.start_line}–${row.end_line}`
      : String(row.start_line);

const COLUMNS: readonly Column<SecretRow>[] = [
  { key: 'rule', title: 'Rule', width: 'l', cell: (row) => <Untrusted text={row.rule} mono /> },
  {
    key: 'path',
    title: 'File',
    width: 'rest',
    cell: (row) => (
      <span>
        <Untrusted text={row.path} mono />
      </span>
    ),
  },
  { key: 'line', title: 'Line', width: 's', end: true, cell: line },
  {
    key: 'where',
    title: 'Where',
    width: 'm',
    cell: (row) =>
      row.in_name ? 'in the name' : row.commit === null ? 'in the tree' : 'in history',
  },
  {
    key: 'fingerprint',
    title: 'Fingerprint',
    width: 'm',
    cell: (row) => <code>{row.fingerprint.slice(0, 12)}</code>,
  },
  {
    key: 'state',
    title: 'State',
    width: 'm',
    cell: (row) =>
      row.lifted_by === null ? (
        <Word tone="block" size="s">
          not lifted
        </Word>
      ) : (
        <Word tone="quiet" size="s">
          lifted
        </Word>
      ),
  },
];

/** Rule, place, fingerprint. The secret itself is nowhere in this window. */
export function Secrets({ runId }: { runId: string }) {
  const backend = useBackend();
  return (
    <Listing<SecretRow>
      what="secrets"
      title="Secret"
      name={`secrets ${runId}`}
      columns={COLUMNS}
      few={['rule', 'path', 'line']}
      keyOf={(row) => `${row.fingerprint} ${row.path} ${row.start_line} ${row.commit ?? ''}`}
      load={({ sort: _, ...rest }) => backend.secrets({ run_id: runId, ...rest })}
      detail={(row) => <Detail row={row} />}
      clean={{
        title: 'No secret was found',
        text: 'In what was scanned. What was not scanned is in the coverage.',
      }}
    />
  );
}

function Detail({ row }: { row: SecretRow }) {
  return (
    <>
      <h3 className={styles.name}>
        <Untrusted text={row.rule} mono />
      </h3>
      <p className={styles.soft}>
        The secret was read by its scanner and kept nowhere: what stands here is its place and a
        fingerprint, which is no way back to it. Replace it where it is used, then take it out.
      </p>
      <KeyValues
        rows={[
          ['File', <Untrusted key="path" text={row.path} mono />],
          [
            'Line',
            line(row) === '' ? (row.in_name ? 'in the name itself' : 'none given') : line(row),
          ],
          [
            'Commit',
            row.commit === null ? 'in the tree' : <Untrusted key="commit" text={row.commit} mono />,
          ],
          ['Fingerprint', <Id key="print" id={row.fingerprint} what="fingerprint" />],
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
            <Link key="problem" to={to.problem(row.problem)}>
              status, evidence and next steps
            </Link>,
          ],
        ]}
      />
      <Tools said={row.attributions} />
    </>
  );
}
