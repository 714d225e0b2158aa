import type { OperationEntry } from '../bindings/types';
import { useAsk } from '../backend/use';
import { Card } from '../shared/Card';
import { ASKS, hasNothingToJudge } from '../shared/gateWords';
import { Link } from '../shared/Link';
import { OutcomeWord } from '../shared/OutcomeWord';
import { to } from '../shared/paths';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import { StatusWord, Word } from '../shared/Word';
import styles from './Matrix.module.css';

const GATES = Object.keys(ASKS);
const PHASES = ['before', 'after'] as const;

/** Attempts down, gates across: a line before the run, a line after it. */
export function Matrix({ operations }: { operations: readonly OperationEntry[] }) {
  return (
    <Card flush>
      <div className={styles.around} role="group" aria-label="Gates of every attempt" tabIndex={0}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Attempt</th>
              <th scope="col">Run</th>
              {GATES.map((gate) => (
                <th key={gate} scope="col" title={ASKS[gate]}>
                  <code>{gate}</code>
                </th>
              ))}
            </tr>
          </thead>
          {operations.map((operation) => (
            <Attempt key={operation.op_id} operation={operation} />
          ))}
        </table>
      </div>
    </Card>
  );
}

function Attempt({ operation }: { operation: OperationEntry }) {
  const table = useAsk('gates', { id: operation.op_id });
  return (
    <tbody className={styles.attempt}>
      {PHASES.map((phase) => (
        <tr key={phase}>
          {phase === 'before' && (
            <th scope="rowgroup" rowSpan={2}>
              <Link
                to={to.gates(operation.op_id)}
                className={styles.name}
                label={`Gates of ${visible(operation.operation)}`}
              >
                <Untrusted text={operation.operation} mono />
              </Link>
              {operation.state === 'ended' ? (
                <StatusWord status={operation.status} />
              ) : (
                <Word tone="quiet" size="s">
                  {operation.state}
                </Word>
              )}
            </th>
          )}
          <th scope="row" className={styles.phase}>
            {phase}
          </th>
          {GATES.map((gate) => {
            const row = table.data?.rows.find((one) => one.gate === gate);
            if (row === undefined) return <td key={gate}>{table.isError ? 'unreadable' : ''}</td>;
            const nothing = phase === 'after' && hasNothingToJudge(gate, row.after);
            return (
              <td
                key={gate}
                title={nothing ? 'this gate judges before the run alone' : row[phase].reason}
              >
                {nothing ? (
                  <span className={styles.nothing}>judges before</span>
                ) : (
                  <OutcomeWord word={row[phase].outcome} />
                )}
              </td>
            );
          })}
        </tr>
      ))}
    </tbody>
  );
}
