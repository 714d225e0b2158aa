import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function ReportsScreen(_props: { runId: string | undefined; kind: string | undefined }) {
  return (
    <Screen title="Reports">
      <Empty why="nothing-yet" title="Reports are not shown here yet" />
    </Screen>
  );
}
