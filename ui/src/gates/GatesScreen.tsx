import { useAsk } from '../backend/use';
import { Answer } from '../shared/Answer';
import { Screen } from '../shared/Screen';
import { GateTableView } from './GateTableView';
import { Latest } from './Latest';
import { OperationHead } from './OperationHead';
import { Checks } from './Checks';

/** How six gates judged an attempt, before and after it ran; without one, those of a whole scan. */
export function GatesScreen({ opId }: { opId: string | undefined }) {
  return opId === undefined ? <Latest /> : <OneAttempt opId={opId} />;
}

function OneAttempt({ opId }: { opId: string }) {
  const table = useAsk('gates', { id: opId });
  return (
    <Screen
      title="Gates"
      about="Every gate judges every attempt; what it did not judge is not passed."
    >
      <Answer of={table}>
        {(found) => (
          <>
            <OperationHead operation={found.operation} rows={found.rows} />
            <GateTableView rows={found.rows} />
            <Checks checks={found.checks} />
          </>
        )}
      </Answer>
    </Screen>
  );
}
