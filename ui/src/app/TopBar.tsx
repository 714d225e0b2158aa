import { IconButton } from '../shared/Button';
import { Icon } from '../shared/Icon';
import { Keys } from '../shared/Keys';
import { goBack, goForward, useSteps } from '../shared/route';
import { Running } from './Running';
import styles from './TopBar.module.css';

/** Back, forward, find; what runs stands here on every screen, with its cancel. */
export function TopBar({ onFind, onHelp }: { onFind: () => void; onHelp: () => void }) {
  const steps = useSteps();
  return (
    <header className={styles.bar}>
      <IconButton icon="back" label="Back" keys="Alt+←" disabled={!steps.back} onClick={goBack} />
      <IconButton
        icon="forward"
        label="Forward"
        keys="Alt+→"
        disabled={!steps.forward}
        onClick={goForward}
      />
      <button type="button" className={styles.find} onClick={onFind}>
        <Icon name="search" />
        <span className={styles.word}>Find, go or do…</span>
        <Keys keys="$mod+KeyK" />
      </button>
      <Running />
      <IconButton icon="hint" label="Keyboard shortcuts" keys="?" onClick={onHelp} />
    </header>
  );
}
