import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function HomeScreen() {
  return (
    <Screen title="Home">
      <Empty why="nothing-yet" title="Home are not shown here yet" />
    </Screen>
  );
}
