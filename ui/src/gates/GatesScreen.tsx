import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function GatesScreen(_props: { opId: string | undefined }) {
  return (
    <Screen title="Gates">
      <Empty why="nothing-yet" title="Gates are not shown here yet" />
    </Screen>
  );
}
