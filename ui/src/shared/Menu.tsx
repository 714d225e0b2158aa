import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Icon, type IconName } from './Icon';
import { Keys } from './Keys';
import buttons from './Button.module.css';
import { cx } from './cx';
import styles from './Menu.module.css';

export interface MenuItem {
  title: string;
  icon?: IconName;
  keys?: string;
  disabled?: boolean;
  run: () => void;
}

/** A button that opens a list of actions, by the ARIA menu button pattern. */
export function Menu({
  label,
  icon,
  items,
  look = 'plain',
  disabled = false,
}: {
  label: ReactNode;
  icon?: IconName;
  items: readonly MenuItem[];
  look?: 'plain' | 'ghost';
  disabled?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const entries = () => [
    ...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)') ?? []),
  ];
  useEffect(() => {
    if (!open) return undefined;
    box.current?.querySelector<HTMLElement>('[role=menuitem]:not(:disabled)')?.focus();
    const away = (event: PointerEvent) => {
      if (
        !(event.target instanceof Node) ||
        box.current?.parentElement?.contains(event.target) !== true
      )
        setOpen(false);
    };
    window.addEventListener('pointerdown', away);
    return () => window.removeEventListener('pointerdown', away);
  }, [open]);
  const shut = () => {
    setOpen(false);
    button.current?.focus();
  };
  const move = (event: KeyboardEvent) => {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') {
      if (event.key === 'Escape') event.preventDefault();
      shut();
    } else if (step !== undefined) {
      event.preventDefault();
      all.at(step % all.length)?.focus();
    }
  };
  return (
    <div className={styles.around}>
      <button
        ref={button}
        type="button"
        disabled={disabled}
        className={cx(buttons.button, buttons[look])}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {icon !== undefined && <Icon name={icon} />}
        <span>{label}</span>
        <Icon name="down" size="s" />
      </button>
      {open && (
        <div ref={box} id={id} role="menu" className={styles.menu} onKeyDown={move}>
          {items.map((item) => (
            <button
              key={item.title}
              type="button"
              role="menuitem"
              tabIndex={-1}
              disabled={item.disabled}
              className={styles.item}
              onClick={() => {
                shut();
                item.run();
              }}
            >
              {item.icon !== undefined && <Icon name={item.icon} />}
              <span className={styles.title}>{item.title}</span>
              {item.keys !== undefined && <Keys keys={item.keys} />}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
