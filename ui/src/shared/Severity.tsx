import type { Severity as Grade, VulnSeverity } from '../bindings/types';
import { cx } from './cx';
import { Icon, type IconName } from './Icon';
import styles from './Severity.module.css';

const ICONS: Record<Grade, IconName> = {
  fatal: 'stop',
  error: 'alert',
  warning: 'problems',
  info: 'info',
  hint: 'hint',
};

const GRADES: Record<VulnSeverity, Grade> = {
  CRITICAL: 'fatal',
  HIGH: 'error',
  UNSCORED: 'error',
  MEDIUM: 'warning',
  LOW: 'info',
  NONE: 'hint',
  INFORMATIONAL: 'hint',
};

/** A severity: icon, word and colour, never colour alone. */
export function Severity({ severity, quiet = false }: { severity: Grade; quiet?: boolean }) {
  return (
    <span className={cx(styles.badge, styles[severity], quiet && styles.quiet)}>
      <Icon name={ICONS[severity]} size="s" />
      {severity}
    </span>
  );
}

/** A vulnerability's severity, on its own scale: UNSCORED says so and is never low. */
export function VulnGrade({ severity }: { severity: VulnSeverity }) {
  const grade = GRADES[severity];
  return (
    <span className={cx(styles.badge, styles[grade])}>
      <Icon name={ICONS[grade]} size="s" />
      {severity.toLowerCase()}
    </span>
  );
}
