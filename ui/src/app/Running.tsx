import { useAsk, useTell } from '../backend/use';
import { IconButton } from '../shared/Button';
import { elapsed } from '../shared/format';
import { Icon } from '../shared/Icon';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { useNow } from '../shared/Time';
import { visible } from '../shared/untrusted';
import styles from './Running.module.css';

/** The scan that runs, wherever the window is. The clock stands while nothing runs. */
export function Running() {
  const running = useAsk('runningScans', undefined);
  const cancel = useTell('cancelScan');
  const scan = running.data?.at(-1);
  const now = useNow(scan === undefined ? null : 1_000);
  if (scan === undefined) return null;
  return (
    <span className={styles.running}>
      <Link to={to.scan(scan.run_id)} className={styles.link}>
        <Icon name="spinner" size="s" />
        <span className={styles.name}>Scanning {visible(scan.name)}</span>
        <span>{elapsed(now - new Date(scan.begun_at).getTime())}</span>
      </Link>
      <IconButton
        icon="close"
        label={`Cancel the scan of ${visible(scan.name)}`}
        onClick={() => cancel.mutate({ id: scan.run_id })}
      />
    </span>
  );
}
