import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function SettingsScreen() {
  return (
    <Screen title="Settings">
      <Empty why="nothing-yet" title="Settings are not shown here yet" />
    </Screen>
  );
}
