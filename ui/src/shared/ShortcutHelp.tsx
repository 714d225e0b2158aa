import { useActions } from './actions';
import { Dialog } from './Dialog';
import { Keys } from './Keys';
import styles from './ShortcutHelp.module.css';

const EVERYWHERE: readonly (readonly [string, string])[] = [
  ['Move in a table', 'ArrowUp'],
  ['Open the row', 'Enter'],
  ['Choose the row', 'Space'],
  ['Choose a range', 'Shift+ArrowDown'],
  ['Choose all that is loaded', '$mod+KeyA'],
  ['Close what is open', 'Escape'],
];

/** Every shortcut that works here, by what it does. */
export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const groups = Map.groupBy(
    useActions().filter((action) => action.keys !== undefined),
    (action) => action.group,
  );
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose} wide>
      <div className={styles.groups}>
        {[...groups].map(([group, actions]) => (
          <section key={group} className={styles.group}>
            <h3>{group}</h3>
            {actions.map((action) => (
              <Line key={action.title} title={action.title} keys={action.keys ?? ''} />
            ))}
          </section>
        ))}
        <section className={styles.group}>
          <h3>In a table</h3>
          {EVERYWHERE.map(([title, keys]) => (
            <Line key={title} title={title} keys={keys} />
          ))}
        </section>
      </div>
    </Dialog>
  );
}

function Line({ title, keys }: { title: string; keys: string }) {
  return (
    <p className={styles.line}>
      <span>{title}</span>
      <Keys keys={keys} />
    </p>
  );
}
