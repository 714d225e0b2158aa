import type { GateCell, GateRow } from '../bindings/desk';
import { Card } from '../shared/Card';
import { Link } from '../shared/Link';
import { OutcomeWord } from '../shared/OutcomeWord';
import { to } from '../shared/paths';
import { Sentence } from '../shared/Sentence';
import { Severity } from '../shared/Severity';
import { Untrusted } from '../shared/Untrusted';
import { ASKS, hasNothingToJudge } from '../shared/gateWords';
import styles from './GateTableView.module.css';

/** A row a gate, before and after the run: the word, why, and the code of a denial. */
export function GateTableView({ rows }: { rows: readonly GateRow[] }) {
  return (
    <Card flush>
      <table className={styles.table}>
        <caption className={styles.caption}>Six gates, before and after the run</caption>
        <thead>
          <tr>
            <th scope="col">Gate</th>
            <th scope="col">Before the run</th>
            <th scope="col">After the run</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.gate}>
              <th scope="row" className={styles.gate}>
                <code>
                  <Untrusted text={row.gate} />
                </code>
                <span className={styles.asks}>{ASKS[row.gate] ?? 'Added by the engine.'}</span>
              </th>
              <Cell cell={row.before} />
              <Cell
                cell={
                  hasNothingToJudge(row.gate, row.after)
                    ? { ...row.after, reason: 'this gate judges before the run alone' }
                    : row.after
                }
              />
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Cell({ cell }: { cell: GateCell }) {
  return (
    <td>
      <div className={styles.cell}>
        <span className={styles.word}>
          <OutcomeWord word={cell.outcome} />
          {cell.severity !== null && <Severity severity={cell.severity} quiet />}
        </span>
        {cell.reason !== '' && (
          <span className={styles.reason}>
            <Sentence text={cell.reason} capital />
          </span>
        )}
        {(cell.code !== null || cell.event_id !== null) && (
          <span className={styles.links}>
            {cell.code !== null && <code>{cell.code}</code>}
            {cell.diagnostic_id !== null && (
              <Link to={to.problem(cell.diagnostic_id)}>Problem</Link>
            )}
            {cell.event_id !== null && <Link to={to.event(cell.event_id)}>Event</Link>}
          </span>
        )}
      </div>
    </td>
  );
}
