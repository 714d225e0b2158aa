import { useImperativeHandle, useRef, type Ref } from 'react';
import { ClearButton } from './ClearButton';
import { Icon } from './Icon';
import { useTyped } from './useTyped';
import styles from './Search.module.css';

/** A line of words to find rows by; asks when somebody pauses, not at every key. */
export function Search({
  label,
  value,
  onChange,
  ref,
}: {
  label: string;
  value: string;
  onChange: (words: string) => void;
  ref?: Ref<{ focus: () => void }>;
}) {
  const input = useRef<HTMLInputElement>(null);
  const { line, type, put } = useTyped(value, onChange);
  useImperativeHandle(ref, () => ({ focus: () => input.current?.select() }));
  return (
    <div className={styles.search} role="search">
      <Icon name="search" size="s" />
      <input
        ref={input}
        className={styles.input}
        aria-label={label}
        placeholder={label}
        spellCheck={false}
        autoComplete="off"
        value={line}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && line !== '') {
            event.preventDefault();
            put('');
          } else if (event.key === 'Enter') {
            event.preventDefault();
            put(line);
          }
        }}
      />
      {line !== '' && (
        <ClearButton label="Clear the search" input={input} onClear={() => put('')} />
      )}
    </div>
  );
}
