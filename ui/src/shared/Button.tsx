import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { cx } from './cx';
import { Icon, type IconName } from './Icon';
import { Keys } from './Keys';
import styles from './Button.module.css';

interface Look {
  look?: 'primary' | 'plain' | 'ghost' | 'danger';
  icon?: IconName;
  /** The keys that do the same, as `useAction` takes them; shown. */
  keys?: string | undefined;
  ref?: Ref<HTMLButtonElement>;
}

type Rest = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'>;

/** A button with a word on it. */
export function Button({
  look = 'plain',
  icon,
  keys,
  children,
  className,
  ...rest
}: Look & Rest & { children: ReactNode }) {
  return (
    <button type="button" {...rest} className={cx(styles.button, styles[look], className)}>
      {icon !== undefined && <Icon name={icon} />}
      <span className={styles.word}>{children}</span>
      {keys !== undefined && <Keys keys={keys} />}
    </button>
  );
}

/** A button with an icon alone; its name is read out and shown on hover. */
export function IconButton({
  icon,
  label,
  keys,
  className,
  ...rest
}: { icon: IconName; label: string; keys?: string; ref?: Ref<HTMLButtonElement> } & Rest) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys.replaceAll('$mod', 'Ctrl')})`}
      className={cx(styles.icon, className)}
    >
      <Icon name={icon} />
    </button>
  );
}
