import { useId } from 'react';
import styles from './Switch.module.css';

/** On or off, with what each means. */
export function Switch({
  label,
  about,
  on,
  onChange,
}: {
  label: string;
  about: string;
  on: boolean;
  onChange: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <div className={styles.switch}>
      <button
        type="button"
        role="switch"
        aria-checked={on}
        aria-labelledby={`${id}-label`}
        aria-describedby={`${id}-about`}
        className={styles.track}
        onClick={() => onChange(!on)}
      >
        <span className={styles.knob} />
      </button>
      <div className={styles.words} onClick={() => onChange(!on)}>
        <span id={`${id}-label`} className={styles.label}>
          {label}
        </span>
        <span id={`${id}-about`} className={styles.about}>
          {about}
        </span>
      </div>
    </div>
  );
}
