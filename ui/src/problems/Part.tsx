import type { ReactNode } from 'react';
import styles from './Part.module.css';

/** One kind of evidence under its heading. */
export function Part({
  title,
  note,
  children,
}: {
  title: string;
  note?: string;
  children: ReactNode;
}) {
  return (
    <section className={styles.part}>
      <h3 className={styles.title}>
        {title}
        {note !== undefined && <span className={styles.note}>{note}</span>}
      </h3>
      {children}
    </section>
  );
}
