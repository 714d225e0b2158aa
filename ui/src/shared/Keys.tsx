import styles from './Keys.module.css';

const WORDS: Record<string, string> = {
  $mod: 'Ctrl',
  Shift: 'Shift',
  Alt: 'Alt',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  Comma: ',',
  Period: '.',
};

/** `$mod+KeyK` as the words on the keys; a chord `g h` as one after the other. */
export function keyWords(keys: string): string[][] {
  return keys
    .split(' ')
    .map((press) =>
      press
        .split('+')
        .map(
          (key) =>
            WORDS[key] ??
            key.replace(/^(Key|Digit)/, '').replace(/^[a-z]$/, (letter) => letter.toUpperCase()),
        ),
    );
}

/** The keys of a shortcut. For eyes alone: the action's name is what is read out. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className={styles.keys} aria-hidden="true">
      {keyWords(keys).map((press, index) => (
        <span key={index} className={styles.press}>
          {press.map((key) => (
            <kbd key={key} className={styles.key}>
              {key}
            </kbd>
          ))}
        </span>
      ))}
    </span>
  );
}
