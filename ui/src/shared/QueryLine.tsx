import { type KeyboardEvent, useId, useImperativeHandle, useRef, useState, type Ref } from 'react';
import { ClearButton } from './ClearButton';
import { count } from './format';
import { Icon } from './Icon';
import { useAnnounce } from './Live';
import { withField, withValue, wordAt } from './queryWords';
import { Untrusted } from './Untrusted';
import { useTyped } from './useTyped';
import styles from './QueryLine.module.css';

export interface QueryField {
  name: string;
  about: string;
}

interface Suggestion {
  text: string;
  note: string;
  put: () => { line: string; caret: number };
}

/** A line to ask with. Suggests fields, and of their values only those with results. */
export function QueryLine({
  label,
  value,
  onChange,
  fields,
  values,
  wrong,
  ref,
}: {
  label: string;
  value: string;
  /** What is asked now; called when somebody pauses, not at every key. */
  onChange: (line: string) => void;
  fields: readonly QueryField[];
  values: (field: string) => Promise<readonly { value: string; count: number }[]>;
  /** Which word is not understood, as one sentence. */
  wrong?: string | undefined;
  ref?: Ref<{ focus: () => void }>;
}) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const announce = useAnnounce();
  const { line, type, put: send } = useTyped(value, onChange);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const [found, setFound] = useState<readonly Suggestion[]>([]);
  useImperativeHandle(ref, () => ({ focus: () => input.current?.select() }));

  const suggest = async (text: string, caret: number) => {
    const at = wordAt(text, caret);
    const { field } = at;
    const typed = at.typed.toLowerCase();
    let next: Suggestion[];
    if (field === null) {
      next = fields
        .filter((one) => one.name.startsWith(typed))
        .map((one) => ({
          text: `${one.name}:`,
          note: one.about,
          put: () => withField(text, at, one.name),
        }));
    } else {
      const known = await values(field).catch(() => []);
      next = known
        .filter((one) => one.value.toLowerCase().includes(typed))
        .slice(0, 12)
        .map((one) => ({
          text: one.value,
          note: count(one.count),
          put: () => withValue(text, at, one.value),
        }));
    }
    if (input.current?.value !== text) return;
    setFound(next);
    setActive(-1);
    setOpen(next.length > 0);
    if (next.length > 0) announce(`${next.length} suggestions`);
  };
  const put = (one: Suggestion) => {
    const made = one.put();
    type(made.line);
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(made.caret, made.caret);
      if (made.line.endsWith(':')) void suggest(made.line, made.caret);
      else setOpen(false);
    });
  };
  const pressed = (event: KeyboardEvent) => {
    const chosen = found[active];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) {
        void suggest(line, input.current?.selectionStart ?? line.length);
        return;
      }
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setActive((active + step + found.length) % found.length);
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (open && chosen !== undefined) put(chosen);
      else {
        setOpen(false);
        send(line);
      }
    } else if (event.key === 'Tab' && open && chosen !== undefined) {
      event.preventDefault();
      put(chosen);
    }
  };
  return (
    <div className={styles.around}>
      <div className={styles.line}>
        <Icon name="search" />
        <input
          ref={input}
          className={styles.input}
          role="combobox"
          aria-label={label}
          aria-expanded={open}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={open && active >= 0 ? `${id}-${active}` : undefined}
          aria-invalid={wrong !== undefined}
          aria-describedby={wrong === undefined ? undefined : `${id}-wrong`}
          placeholder="is:open severity:error tool:gitleaks words…"
          spellCheck={false}
          autoComplete="off"
          value={line}
          onChange={(event) => {
            type(event.target.value);
            void suggest(
              event.target.value,
              event.target.selectionStart ?? event.target.value.length,
            );
          }}
          onFocus={(event) => {
            if (event.target.value === '') void suggest('', 0);
          }}
          onClick={(event) =>
            void suggest(event.currentTarget.value, event.currentTarget.selectionStart ?? 0)
          }
          onBlur={() => setOpen(false)}
          onKeyDown={pressed}
        />
        {line !== '' && (
          <ClearButton label="Clear the query" input={input} onClear={() => send('')} />
        )}
      </div>
      <ul
        id={`${id}-list`}
        role="listbox"
        aria-label={`Suggestions for ${label}`}
        className={styles.list}
        hidden={!open}
      >
        {found.map((one, index) => (
          <li
            key={one.text}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            className={styles.option}
            onPointerDown={(event) => {
              event.preventDefault();
              put(one);
            }}
          >
            <span className={styles.text}>
              <Untrusted text={one.text} mono />
            </span>
            <span className={styles.note}>{one.note}</span>
          </li>
        ))}
      </ul>
      {wrong !== undefined && (
        <p id={`${id}-wrong`} className={styles.wrong} role="alert">
          <Icon name="alert" size="s" />
          <span>
            <Untrusted text={wrong} />
          </span>
        </p>
      )}
    </div>
  );
}
