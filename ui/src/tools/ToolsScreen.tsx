import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function ToolsScreen() {
  return (
    <Screen title="Tools and databases">
      <Empty why="nothing-yet" title="Tools and databases are not shown here yet" />
    </Screen>
  );
}
