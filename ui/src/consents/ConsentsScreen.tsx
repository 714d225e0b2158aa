import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function ConsentsScreen() {
  return (
    <Screen title="Consents">
      <Empty why="nothing-yet" title="Consents are not shown here yet" />
    </Screen>
  );
}
