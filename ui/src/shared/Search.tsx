import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import { IconButton } from './Button';
import { Icon } from './Icon';
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
  const [line, setLine] = useState(value);
  const [given, setGiven] = useState(value);
  useImperativeHandle(ref, () => ({ focus: () => input.current?.select() }));
  if (given !== value) {
    setGiven(value);
    if (value !== line.trim()) setLine(value);
  }
  useEffect(() => {
    if (line.trim() === value) return undefined;
    const pause = setTimeout(() => onChange(line.trim()), 90);
    return () => clearTimeout(pause);
  }, [line, value, onChange]);
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
        onChange={(event) => setLine(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && line !== '') {
            event.preventDefault();
            setLine('');
            onChange('');
          } else if (event.key === 'Enter') {
            event.preventDefault();
            onChange(line.trim());
          }
        }}
      />
      {line !== '' && (
        <IconButton
          icon="close"
          label="Clear the search"
          onClick={() => {
            setLine('');
            onChange('');
            input.current?.focus();
          }}
        />
      )}
    </div>
  );
}
