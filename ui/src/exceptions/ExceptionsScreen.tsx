import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function ExceptionsScreen() {
  return (
    <Screen title="Exceptions">
      <Empty why="nothing-yet" title="Exceptions are not shown here yet" />
    </Screen>
  );
}
