import { createContext, type ReactNode, use, useCallback, useState } from 'react';
import styles from './Live.module.css';

const Context = createContext<(text: string) => void>(() => undefined);

/** Says a sentence to who cannot see the change: politely, when nothing else is being said. */
export function useAnnounce(): (text: string) => void {
  return use(Context);
}

export function LiveRegion({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ text: '', turn: 0 });
  const announce = useCallback((text: string) => {
    setSaid((before) => ({ text, turn: before.turn + 1 }));
  }, []);
  return (
    <Context value={announce}>
      {children}
      <div className={styles.unseen} role="status" aria-live="polite" data-testid="live">
        {/* The same sentence twice is said twice: the key makes it another node. */}
        <span key={said.turn}>{said.text}</span>
      </div>
    </Context>
  );
}

/** Words for who cannot see what stands around them. */
export function Unseen({ children }: { children: ReactNode }) {
  return <span className={styles.unseen}>{children}</span>;
}
