import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './Button';
import { cx } from './cx';
import styles from './Dialog.module.css';

/** A question over everything else: the platform's own dialog, which keeps the focus and gives it back. */
export function Dialog({
  title,
  children,
  foot,
  onClose,
  onSubmit,
  tone = 'plain',
  wide = false,
}: {
  title: string;
  children: ReactNode;
  /** The buttons; the last one is what Enter means. */
  foot?: ReactNode;
  onClose: () => void;
  onSubmit?: () => void;
  tone?: 'plain' | 'trouble';
  wide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    if (shown !== null && !shown.open) {
      shown.showModal();
      // Where somebody types first, or else what Enter means; never the button that closes.
      const first =
        shown.querySelector<HTMLElement>('[data-part=body] :is(input, select, textarea)') ??
        shown.querySelector<HTMLElement>('[data-part=foot] button:last-of-type:not(:disabled)');
      first?.focus();
    }
    return () => {
      shown?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={cx(styles.dialog, wide && styles.wide, tone === 'trouble' && styles.trouble)}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <header className={styles.head}>
          <h2 id={heading}>{title}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        <div
          className={styles.body}
          data-part="body"
          // What is only read is scrolled by keys as well.
          {...(foot === undefined && { tabIndex: 0, role: 'group', 'aria-labelledby': heading })}
        >
          {children}
        </div>
        {foot !== undefined && (
          <footer className={styles.foot} data-part="foot">
            {foot}
          </footer>
        )}
      </form>
    </dialog>
  );
}
