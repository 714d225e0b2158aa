import type { Decision, Status } from '../bindings/types';
import { cx } from './cx';
import { Icon, type IconName } from './Icon';
import styles from './Word.module.css';

export type Tone = 'block' | 'denied' | 'incomplete' | 'pass' | 'quiet' | 'running' | 'new';

const ICONS: Record<Tone, IconName> = {
  block: 'stop',
  denied: 'cross',
  incomplete: 'alert',
  pass: 'check',
  quiet: 'dash',
  running: 'spinner',
  new: 'plus',
};

/** A word with its icon and colour. What did not run never gets the tone of what passed. */
export function Word({
  tone,
  children,
  size = 'm',
}: {
  tone: Tone;
  children: string;
  size?: 's' | 'm' | 'l';
}) {
  return (
    <span className={cx(styles.word, styles[tone], styles[size])}>
      <Icon name={ICONS[tone]} size={size === 'l' ? 'm' : 's'} />
      {children}
    </span>
  );
}

const VERDICTS: readonly string[] = ['block', 'denied', 'incomplete', 'pass'] satisfies Decision[];

/** The word of a verdict; one this window does not know never looks like a pass. */
export function VerdictWord({ verdict, size = 'm' }: { verdict: string; size?: 's' | 'm' | 'l' }) {
  return (
    <Word tone={VERDICTS.includes(verdict) ? (verdict as Decision) : 'quiet'} size={size}>
      {verdict.toUpperCase()}
    </Word>
  );
}

const ENDS: Record<Status, [Tone, string]> = {
  succeeded: ['pass', 'succeeded'],
  failed: ['incomplete', 'failed'],
  denied: ['denied', 'denied'],
  cancelled: ['quiet', 'cancelled'],
  timed_out: ['incomplete', 'timed out'],
};

export function StatusWord({ status, size = 's' }: { status: Status; size?: 's' | 'm' }) {
  const [tone, word] = ENDS[status];
  return (
    <Word tone={tone} size={size}>
      {word}
    </Word>
  );
}
