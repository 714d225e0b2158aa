import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { type Action, useActions } from './actions';
import { Icon } from './Icon';
import { Keys } from './Keys';
import { Untrusted } from './Untrusted';
import styles from './Palette.module.css';

/** Every letter of what is typed, in order; earlier and closer together is better. */
export function rank(text: string, typed: string): number | undefined {
  const low = text.toLowerCase();
  let [at, score] = [-1, 0];
  for (const letter of typed.toLowerCase().replaceAll(' ', '')) {
    const next = low.indexOf(letter, at + 1);
    if (next < 0) return undefined;
    score += next - at - 1 + (at < 0 ? next : 0);
    at = next;
  }
  return score;
}

function isNamed(action: Action, typed: string): boolean {
  return `${action.title} ${action.also ?? ''}`.toLowerCase().includes(typed.trim().toLowerCase());
}

/** Finds, goes, does: everything that can be done here, by a few letters of it. */
export function Palette({
  onClose,
  find,
}: {
  onClose: () => void;
  find: (typed: string) => readonly Action[];
}) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const actions = useActions();
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    if (shown !== null && !shown.open) shown.showModal();
    return () => {
      shown?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const found = useMemo(() => {
    const known = actions
      .map((action) => ({
        action,
        rank: rank(`${action.title} ${action.group} ${action.also ?? ''}`, typed),
      }))
      .filter((one): one is { action: Action; rank: number } => one.rank !== undefined);
    known.sort((a, b) => a.rank - b.rank);
    // What is called so comes first, then what is found by it, then what only has the letters.
    const named = known.filter((one) => isNamed(one.action, typed));
    const loose = known.filter((one) => !isNamed(one.action, typed));
    const actionsOf = (some: typeof known) => some.map((one) => one.action);
    return [...actionsOf(named), ...find(typed), ...actionsOf(loose)].slice(0, 50);
  }, [actions, typed, find]);
  const run = (action: Action | undefined) => {
    if (action === undefined) return;
    onClose();
    // The dialog gives the focus back first; what runs may take it again.
    requestAnimationFrame(() => action.run());
  };
  const pressed = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      const next = (active + step + found.length) % found.length;
      setActive(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(found[active]);
    }
  };
  return (
    <dialog
      ref={dialog}
      className={styles.palette}
      aria-label="Command palette"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={styles.line}>
        <Icon name="search" />
        <input
          className={styles.input}
          role="combobox"
          aria-label="Find, go or do"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length > 0 ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          placeholder="Find a problem, go to a screen, do something…"
          spellCheck={false}
          autoComplete="off"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setActive(0);
          }}
          onKeyDown={pressed}
          autoFocus
        />
      </div>
      <ul id={`${id}-list`} role="listbox" aria-label="What can be done" className={styles.list}>
        {found.map((action, index) => (
          <li
            key={`${action.group} ${action.title}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            className={styles.option}
            onClick={() => run(action)}
          >
            <span className={styles.group}>{action.group}</span>
            <span className={styles.title}>
              <Untrusted text={action.title} />
            </span>
            {action.keys !== undefined && <Keys keys={action.keys} />}
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <p className={styles.none}>Nothing here is called that. Try fewer letters.</p>
      )}
    </dialog>
  );
}
