import type { ScanEntry } from '../bindings/types';
import { useBackend } from '../backend/use';
import { Button } from '../shared/Button';
import { Empty } from '../shared/Empty';
import { duration, short } from '../shared/format';
import { type Column, Grid } from '../shared/Grid';
import { useLeft } from '../shared/kept';
import { to } from '../shared/paths';
import { go } from '../shared/route';
import { Screen } from '../shared/Screen';
import { Time } from '../shared/Time';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { useRows } from '../shared/useRows';
import { VerdictWord, Word } from '../shared/Word';

const COLUMNS: readonly Column<ScanEntry>[] = [
  { key: 'verdict', title: 'Verdict', width: 'm', cell: (scan) => <State scan={scan} /> },
  {
    key: 'project',
    title: 'Project',
    width: 'rest',
    cell: (scan) => <Untrusted text={scan.project} mono />,
  },
  {
    key: 'mode',
    title: 'For',
    width: 's',
    cell: (scan) => (scan.mode === 'release' ? 'release' : 'to know'),
  },
  { key: 'begun', title: 'Begun', width: 'm', cell: (scan) => <Time at={scan.begun_at} /> },
  { key: 'took', title: 'Took', width: 's', end: true, cell: (scan) => took(scan) },
  { key: 'actor', title: 'By', width: 's', cell: (scan) => <Untrusted text={scan.actor_id} /> },
  { key: 'id', title: 'Scan', width: 'm', cell: (scan) => <code>{short(scan.run_id)}</code> },
];

/** Every scan on record, the newest first. */
export function ScanList() {
  const backend = useBackend();
  const [active, setActive] = useLeft('active', 0);
  const rows = useRows('scans', (after, limit) => backend.scans({ after, limit }));
  return (
    <Screen title="Scans" about="Every scan on record, the newest first." scrolls={false}>
      {rows.refusal !== undefined ? (
        <TroubleView refusal={rows.refusal} />
      ) : rows.whole && rows.known === 0 ? (
        <Empty
          why="never-scanned"
          title="Nothing was scanned yet"
          act={
            <Button look="primary" onClick={() => go(to.home())}>
              Scan a project
            </Button>
          }
        >
          Scans stand here from the moment they begin, whatever becomes of them.
        </Empty>
      ) : (
        <Grid
          label="Scans"
          columns={COLUMNS}
          count={rows.count}
          row={rows.row}
          keyOf={(scan) => scan.run_id}
          onLook={rows.want}
          active={active}
          onActive={setActive}
          onOpen={(scan) => go(to.scan(scan.run_id))}
        />
      )}
    </Screen>
  );
}

function State({ scan }: { scan: ScanEntry }) {
  if (scan.state === 'ended') return <VerdictWord verdict={scan.verdict} size="s" />;
  return (
    <Word tone={scan.state === 'running' ? 'running' : 'quiet'} size="s">
      {scan.state}
    </Word>
  );
}

function took(scan: ScanEntry): string {
  if (scan.ended_at === null) return '';
  return duration(new Date(scan.ended_at).getTime() - new Date(scan.begun_at).getTime());
}
