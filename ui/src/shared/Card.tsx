import type { ReactNode } from 'react';
import { cx } from './cx';
import styles from './Card.module.css';

/** A bordered ground for things that belong together. */
export function Card({ children, flush = false }: { children: ReactNode; flush?: boolean }) {
  return <div className={cx(styles.card, flush && styles.flush)}>{children}</div>;
}
