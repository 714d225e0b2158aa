import { useAsk } from '../backend/use';
import { Button } from '../shared/Button';
import { Empty } from '../shared/Empty';
import { counted } from '../shared/format';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { go } from '../shared/route';
import { Skeleton } from '../shared/Skeleton';
import { Time } from '../shared/Time';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';

/** Why the list is empty: never scanned, filtered out, the last scan has no clean verdict, or clean. */
export function NothingHere({
  query,
  total,
  onClear,
}: {
  query: string;
  total: number;
  onClear: () => void;
}) {
  const scans = useAsk('scans', { limit: 1 }, { off: total > 0 });
  if (total > 0) {
    return (
      <Empty
        why="filtered-out"
        title="No problem matches this query"
        act={
          <Button look="primary" icon="close" onClick={onClear}>
            Clear the query
          </Button>
        }
      >
        <p>
          <code>
            <Untrusted text={query} />
          </code>
        </p>
        <p>{counted(total, 'problem')} on record without it.</p>
      </Empty>
    );
  }
  if (scans.isError) return <TroubleView refusal={scans.error} />;
  if (scans.data === undefined) return <Skeleton />;
  const last = scans.data.items[0];
  if (last === undefined) {
    return (
      <Empty
        why="never-scanned"
        title="Nothing was scanned yet"
        act={
          <Button look="primary" icon="play" onClick={() => go(to.home())}>
            Scan a project
          </Button>
        }
      >
        There are no problems because nobody looked.
      </Empty>
    );
  }
  if (last.state !== 'ended' || last.verdict !== 'pass') {
    return (
      <Empty
        why="failed"
        title="No problems, but that is not clean"
        act={<Link to={to.scan(last.run_id)}>See the last scan</Link>}
      >
        The last scan ( <Time at={last.begun_at} />) has{' '}
        {last.state === 'ended' ? `the verdict ${last.verdict}` : 'no verdict'}: not everything was
        looked at.
      </Empty>
    );
  }
  return (
    <Empty
      why="clean"
      title="No problems"
      act={<Link to={to.scan(last.run_id)}>See what was looked at</Link>}
    >
      The last scan passed, <Time at={last.begun_at} />.
    </Empty>
  );
}
