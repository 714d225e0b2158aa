import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function ArtifactsScreen(_props: { sha256: string | undefined; filter: URLSearchParams }) {
  return (
    <Screen title="Artifacts">
      <Empty why="nothing-yet" title="Artifacts are not shown here yet" />
    </Screen>
  );
}
