import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function ScanScreen(_props: { runId: string | undefined }) {
  return (
    <Screen title="Scans">
      <Empty why="nothing-yet" title="Scans are not shown here yet" />
    </Screen>
  );
}
