import { type ReactNode, useId } from 'react';
import { IconButton } from './Button';
import styles from './Drawer.module.css';

/** A pane beside a list: what is chosen, in full. Not modal: the list stays usable. */
export function Drawer({
  title,
  head,
  children,
  onClose,
}: {
  title: string;
  /** Stands beside the close button: next, previous, open in a place of its own. */
  head?: ReactNode;
  children: ReactNode;
  onClose: () => void;
}) {
  const heading = useId();
  return (
    <aside
      className={styles.drawer}
      aria-labelledby={heading}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) {
          event.preventDefault();
          onClose();
        }
      }}
    >
      <header className={styles.head}>
        <h2 id={heading} className={styles.title}>
          {title}
        </h2>
        {head}
        <IconButton icon="close" label="Close the drawer" keys="Escape" onClick={onClose} />
      </header>
      <div className={styles.body} tabIndex={0} role="group" aria-labelledby={heading}>
        {children}
      </div>
    </aside>
  );
}
