import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function RegistryScreen(_props: { version: string | undefined }) {
  return (
    <Screen title="Registry">
      <Empty why="nothing-yet" title="Registry are not shown here yet" />
    </Screen>
  );
}
