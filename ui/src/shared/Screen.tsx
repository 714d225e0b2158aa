import { type ReactNode, useEffect, useRef } from 'react';
import { cx } from './cx';
import { useScrolled } from './kept';
import styles from './Screen.module.css';

/** The frame of a screen: what it is, what can be done, and the rest of the height. */
export function Screen({
  title,
  about,
  actions,
  children,
  scrolls = true,
}: {
  title: string;
  /** One line under the title. */
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** False where the screen has a grid that scrolls by itself. */
  scrolls?: boolean;
}) {
  useEffect(() => {
    document.title = `${title} · mex`;
  }, [title]);
  const body = useRef<HTMLDivElement>(null);
  useScrolled(body, 'screen');
  return (
    <main className={styles.screen} id="main">
      <header className={styles.head}>
        <div className={styles.what}>
          <h1>{title}</h1>
          {about !== undefined && <div className={styles.about}>{about}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      <div ref={body} className={cx(styles.body, scrolls && styles.scrolls)}>
        {children}
      </div>
    </main>
  );
}

/** A part of a screen with a heading. */
export function Section({
  title,
  note,
  actions,
  children,
}: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles.section}>
      <header className={styles.sectionHead}>
        <h2>{title}</h2>
        {note !== undefined && <span className={styles.note}>{note}</span>}
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </section>
  );
}
