import type { ReactNode } from 'react';
import { cx } from './cx';
import { Icon, type IconName } from './Icon';
import styles from './Empty.module.css';

/** Why there is nothing to see. The four never look alike: nothing is clean that was not looked at. */
export type Nothing = 'never-scanned' | 'clean' | 'filtered-out' | 'failed' | 'nothing-yet';

const ICONS: Record<Nothing, IconName> = {
  'never-scanned': 'scan',
  clean: 'check',
  'filtered-out': 'filter',
  failed: 'alert',
  'nothing-yet': 'dash',
};

export function Empty({
  why,
  title,
  children,
  act,
}: {
  why: Nothing;
  title: string;
  children?: ReactNode;
  /** What to do about it. */
  act?: ReactNode;
}) {
  return (
    <div className={styles.empty} data-nothing={why}>
      <span className={cx(styles.icon, styles[why])}>
        <Icon name={ICONS[why]} size="l" />
      </span>
      <h2>{title}</h2>
      {children !== undefined && <div className={styles.text}>{children}</div>}
      {act !== undefined && <div className={styles.act}>{act}</div>}
    </div>
  );
}
