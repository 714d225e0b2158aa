import type { Refusal } from '../backend/backend';
import { TroubleView } from '../shared/TroubleView';
import styles from './Unopened.module.css';

/** The data folder could not be opened: nothing else can be shown, and nothing runs. */
export function Unopened({ refusal, again }: { refusal: Refusal; again: () => void }) {
  return (
    <main className={styles.middle}>
      <h1 className={styles.name}>mex</h1>
      <TroubleView refusal={refusal} again={again} />
    </main>
  );
}
