import { useEffect, useState } from 'react';
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

/** Longer than any folder takes to open that nobody else holds. */
const SOON_MS = 1_500;

/** Nothing for a moment, so that no start flashes; then what is waited for. */
export function Opening() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SOON_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <main className={styles.middle}>
      <h1 className={styles.name}>mex</h1>
      <p role="status">
        Waiting for the data folder. Another process may be holding it; after half a minute the
        window says so.
      </p>
    </main>
  );
}
