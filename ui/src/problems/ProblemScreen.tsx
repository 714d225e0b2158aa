import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function ProblemScreen(_props: { id: string }) {
  return (
    <Screen title="Problem">
      <Empty why="nothing-yet" title="Problem are not shown here yet" />
    </Screen>
  );
}
