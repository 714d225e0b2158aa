import type { StoredDiagnostic } from '../bindings/types';
import { Json } from '../shared/Code';
import { counted, moment, short } from '../shared/format';
import { Severity } from '../shared/Severity';
import styles from './Instances.module.css';

/** Every raw instance on record, as its maker stated it; what retention took is said. */
export function Instances({
  instances,
  purged,
}: {
  instances: readonly StoredDiagnostic[];
  purged: number;
}) {
  return (
    <div className={styles.list}>
      {instances.map(({ diagnostic }) => (
        <details key={diagnostic.id}>
          <summary className={styles.head}>
            <Severity severity={diagnostic.severity} quiet />
            <span>{moment(diagnostic.timestamp)}</span>
            <code className={styles.id}>{short(diagnostic.id)}</code>
          </summary>
          <Json value={diagnostic} label={`instance ${short(diagnostic.id)}`} />
        </details>
      ))}
      {purged > 0 && (
        <p className={styles.id}>{counted(purged, 'instance')} went with retention.</p>
      )}
    </div>
  );
}
