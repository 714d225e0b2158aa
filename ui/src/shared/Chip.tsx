import type { ReactNode } from 'react';
import { IconButton } from './Button';
import { Untrusted } from './Untrusted';
import styles from './Chip.module.css';

/** Something that narrows a list and was not chosen here: what, which, and the way out of it. */
export function Chip({
  what,
  value,
  onClear,
  children,
}: {
  what: string;
  value: string;
  onClear: () => void;
  /** In place of the value. */
  children?: ReactNode;
}) {
  return (
    <span className={styles.chip}>
      <span className={styles.what}>{what}</span>
      {children ?? <Untrusted text={value} mono />}
      <IconButton
        icon="close"
        label={`No longer only this ${what}`}
        className={styles.clear}
        onClick={onClear}
      />
    </span>
  );
}
