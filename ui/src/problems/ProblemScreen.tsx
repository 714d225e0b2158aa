import { useAsk } from '../backend/use';
import { useAction } from '../shared/actions';
import { Button } from '../shared/Button';
import { Card } from '../shared/Card';
import { to } from '../shared/paths';
import { go } from '../shared/route';
import { Screen } from '../shared/Screen';
import { ProblemPane } from './ProblemPane';
import { useProblemQuery } from './useProblems';
import { useTriage } from './useTriage';

/** One problem in a place of its own: where a deep link leads, and where F8 goes on inside the last query. */
export function ProblemScreen({ id }: { id: string }) {
  const { query, sort } = useProblemQuery();
  const near = useAsk('neighbours', { query, sort, id }, { off: id === '' });
  const triage = useTriage();
  const step = (to_: string | null | undefined) => () => {
    if (to_ !== null && to_ !== undefined) go(to.problem(to_));
  };
  const [previous, next] = [near.data?.previous, near.data?.next];
  useAction({ title: 'Next problem', group: 'Problems', keys: 'F8', run: step(next) });
  useAction({
    title: 'Previous problem',
    group: 'Problems',
    keys: 'Shift+F8',
    run: step(previous),
  });
  useAction({
    title: 'Acknowledge',
    group: 'Problems',
    keys: 'a',
    run: () => triage.ask([id], 'acknowledged'),
  });
  useAction({ title: 'Mute', group: 'Problems', keys: 'm', run: () => triage.ask([id], 'muted') });
  useAction({
    title: 'Resolve',
    group: 'Problems',
    keys: 'r',
    run: () => triage.ask([id], 'resolved'),
  });
  useAction({ title: 'Reopen', group: 'Problems', keys: 'o', run: () => triage.ask([id], 'open') });
  return (
    <Screen
      title="Problem"
      actions={
        <>
          <Button icon="back" keys="Shift+F8" disabled={previous == null} onClick={step(previous)}>
            Previous
          </Button>
          <Button icon="forward" keys="F8" disabled={next == null} onClick={step(next)}>
            Next
          </Button>
          <Button icon="list" onClick={() => go(to.problems(query))}>
            All problems
          </Button>
        </>
      }
    >
      <Card flush>
        <ProblemPane id={id} onStatus={(status) => triage.ask([id], status)} />
      </Card>
      {triage.dialogs}
    </Screen>
  );
}
