import { Empty } from '../shared/Empty';
import { Screen } from '../shared/Screen';

export function TimelineScreen(_props: { eventId: string | undefined; filter: URLSearchParams }) {
  return (
    <Screen title="Timeline">
      <Empty why="nothing-yet" title="Timeline are not shown here yet" />
    </Screen>
  );
}
