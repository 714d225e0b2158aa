import { Empty } from '../shared/Empty';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Screen } from '../shared/Screen';
import { Untrusted } from '../shared/Untrusted';

/** A link that leads nowhere says so (contract UI-3). */
export function LostScreen({ uri, why }: { uri: string; why: string }) {
  return (
    <Screen title="This link leads nowhere">
      <Empty
        why="failed"
        title="Nothing stands behind this link"
        act={
          <>
            <Link to={to.problems()}>Go to Problems</Link>
            <Link to={to.timeline()}>Look in the timeline</Link>
          </>
        }
      >
        <p>
          <Untrusted text={uri} mono />
        </p>
        <p>
          {why === '' ? (
            'What it names is not in this data folder. It may have been purged, or belongs to another machine.'
          ) : (
            <Untrusted text={why} />
          )}
        </p>
      </Empty>
    </Screen>
  );
}
