import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function ProblemsScreen(_props: { query: URLSearchParams }) {
  return (
    <Screen title="Problems">
      <Empty why="nothing-yet" title="Problems are not shown here yet" />
    </Screen>
  );
}
