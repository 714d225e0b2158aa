import { createContext, type ReactNode, use, useCallback, useEffect, useState } from 'react';
import { IconButton } from './Button';
import styles from './Toasts.module.css';

export interface Toast {
  text: ReactNode;
  /** One thing that can be done about it, such as to undo it. */
  act?: { word: string; run: () => void } | undefined;
  /** How long it stands, in seconds; 10 where it can be undone. */
  seconds?: number;
}

type Standing = Toast & { id: number };

const Context = createContext<(toast: Toast) => void>(() => undefined);

export function useToast(): (toast: Toast) => void {
  return use(Context);
}

export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Standing[]>([]);
  const show = useCallback((toast: Toast) => {
    setToasts((before) => [...before.slice(-2), { ...toast, id: (before.at(-1)?.id ?? 0) + 1 }]);
  }, []);
  const drop = useCallback((id: number) => {
    setToasts((before) => before.filter((toast) => toast.id !== id));
  }, []);
  return (
    <Context value={show}>
      {children}
      <section className={styles.stack} aria-label="Notices" aria-live="polite" role="status">
        {toasts.map((toast) => (
          <Notice key={toast.id} toast={toast} drop={drop} />
        ))}
      </section>
    </Context>
  );
}

function Notice({ toast, drop }: { toast: Standing; drop: (id: number) => void }) {
  const [left, setLeft] = useState(toast.seconds ?? 10);
  useEffect(() => {
    const tick = setInterval(() => setLeft((before) => before - 1), 1_000);
    return () => clearInterval(tick);
  }, []);
  useEffect(() => {
    if (left <= 0) drop(toast.id);
  }, [left, drop, toast.id]);
  const { act } = toast;
  return (
    <div className={styles.toast}>
      <p className={styles.text}>{toast.text}</p>
      {act !== undefined && (
        <button
          type="button"
          className={styles.act}
          onClick={() => {
            drop(toast.id);
            act.run();
          }}
        >
          {act.word}
          <span className={styles.left} aria-hidden="true">
            {left} s
          </span>
        </button>
      )}
      <IconButton icon="close" label="Close the notice" onClick={() => drop(toast.id)} />
    </div>
  );
}
