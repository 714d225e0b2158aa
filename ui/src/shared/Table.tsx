import type { ReactNode } from 'react';
import { cx } from './cx';
import styles from './Table.module.css';

export interface Head {
  title: string;
  /** Numbers stand at the end. */
  end?: boolean;
  /** Takes no more room than it needs. */
  tight?: boolean;
  /** Read out and not shown. */
  unseen?: boolean;
}

/** A short table, whole on its page; what is long is a `Grid`. */
export function Table({
  label,
  heads,
  children,
}: {
  label: string;
  heads: readonly Head[];
  children: ReactNode;
}) {
  return (
    <div className={styles.around} role="group" aria-label={label} tabIndex={0}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {heads.map((head) => (
              <th
                key={head.title}
                scope="col"
                className={cx(head.end === true && styles.end, head.tight === true && styles.tight)}
              >
                {head.unseen === true ? (
                  <span className={styles.unseen}>{head.title}</span>
                ) : (
                  head.title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A cell; `quiet` for what matters less, `end` for numbers. */
export function Cell({
  children,
  quiet = false,
  end = false,
  tight = false,
  acts = false,
}: {
  children: ReactNode;
  quiet?: boolean;
  end?: boolean;
  tight?: boolean;
  /** Buttons, side by side. */
  acts?: boolean;
}) {
  return (
    <td
      className={cx(
        quiet && styles.quiet,
        end && styles.end,
        (tight || acts) && styles.tight,
        acts && styles.acts,
      )}
    >
      {children}
    </td>
  );
}
