import type { ProblemTextForm } from '../bindings/desk';
import type { ProblemStatus } from '../bindings/types';
import { Button } from '../shared/Button';
import { counted } from '../shared/format';
import { Menu } from '../shared/Menu';
import { FORMS } from './useCopyAs';
import { MOST } from './useTriage';
import styles from './SelectionBar.module.css';

/** What can be done with the chosen ones. */
export function SelectionBar({
  count,
  onStatus,
  onCopy,
  onClear,
}: {
  count: number;
  onStatus: (to: ProblemStatus) => void;
  onCopy: (form: ProblemTextForm) => void;
  onClear: () => void;
}) {
  return (
    <div className={styles.bar} role="toolbar" aria-label="Chosen problems">
      <output className={styles.count}>
        {counted(count, 'problem')} chosen
        {count > MOST && `; the first ${MOST} are changed at once`}
      </output>
      <Button keys="a" icon="check" onClick={() => onStatus('acknowledged')}>
        Acknowledge
      </Button>
      <Button keys="m" icon="muted" onClick={() => onStatus('muted')}>
        Mute
      </Button>
      <Button keys="r" onClick={() => onStatus('resolved')}>
        Resolve
      </Button>
      <Button keys="o" onClick={() => onStatus('open')}>
        Reopen
      </Button>
      <Menu
        label="Copy"
        icon="copy"
        items={FORMS.map(([form, title]) => ({ title, run: () => onCopy(form) }))}
      />
      <Button look="ghost" keys="Escape" onClick={onClear}>
        Clear
      </Button>
    </div>
  );
}
