import type { GateRow } from '../bindings/desk';
import type { OperationEntry } from '../bindings/types';
import { Card } from '../shared/Card';
import { duration } from '../shared/format';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { Link } from '../shared/Link';
import { OutcomeWord } from '../shared/OutcomeWord';
import { to } from '../shared/paths';
import { Time } from '../shared/Time';
import { Untrusted } from '../shared/Untrusted';
import { StatusWord, Word } from '../shared/Word';
import { wholeWord } from '../shared/gateWords';
import styles from './OperationHead.module.css';

/** Which attempt it was and what became of it. */
export function OperationHead({
  operation,
  rows,
}: {
  operation: OperationEntry;
  rows: readonly GateRow[];
}) {
  const took =
    operation.ended_at === null
      ? null
      : new Date(operation.ended_at).getTime() - new Date(operation.begun_at).getTime();
  return (
    <Card>
      <div className={styles.head}>
        <h2 className={styles.name}>
          <Untrusted text={operation.engine_id} /> · <Untrusted text={operation.operation} />
        </h2>
        <span className={styles.words}>
          gates <OutcomeWord word={wholeWord(rows)} />
          attempt{' '}
          {operation.state === 'ended' ? (
            <StatusWord status={operation.status} />
          ) : (
            <Word tone={operation.state === 'running' ? 'running' : 'quiet'} size="s">
              {operation.state}
            </Word>
          )}
        </span>
      </div>
      <KeyValues
        rows={[
          ['Attempt', <Id key="op" id={operation.op_id} what="attempt" />],
          [
            'Scan',
            operation.run_id === null ? null : (
              <Id key="run" id={operation.run_id} what="scan" to={to.scan(operation.run_id)} />
            ),
          ],
          [
            'Job',
            operation.job_id === null ? null : (
              <Id key="job" id={operation.job_id} what="job" to={to.job(operation.job_id)} />
            ),
          ],
          [
            'Begun',
            <span key="begun">
              <Time at={operation.begun_at} as="moment" />
              {took !== null && `, took ${duration(took)}`}
            </span>,
          ],
          [
            'Result',
            operation.result_ref === null ? null : (
              <Link key="result" to={to.artifact(operation.result_ref.sha256)}>
                EngineResult
              </Link>
            ),
          ],
        ]}
      />
    </Card>
  );
}
