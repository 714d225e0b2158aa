import styles from './Skeleton.module.css';
import { Unseen } from './Live';

/** Something is being read: lines where the text will stand. */
export function Skeleton({ lines = 6, label = 'Reading' }: { lines?: number; label?: string }) {
  return (
    <div className={styles.skeleton} aria-busy="true">
      <Unseen>{label}…</Unseen>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className={styles.line} data-line={index % 3} />
      ))}
    </div>
  );
}
