import { useState } from 'react';
import { count } from './format';
import { LONG, pieces } from './untrusted';
import styles from './Untrusted.module.css';

/** Text that somebody else wrote: shown as it is, with what hides in it named. */
export function Untrusted({
  text,
  lines = false,
  mono = false,
}: {
  text: string;
  /** Keeps line breaks. */
  lines?: boolean;
  mono?: boolean;
}) {
  const [whole, setWhole] = useState(false);
  const folded = !whole && text.length > LONG;
  const shown = folded ? text.slice(0, LONG) : text;
  return (
    <bdi className={`${lines ? (styles.lines ?? '') : ''} ${mono ? (styles.mono ?? '') : ''}`}>
      {pieces(shown, lines).map((piece, index) =>
        piece.hidden === undefined ? (
          piece.text
        ) : (
          <span key={index} className={styles.hidden} title={piece.hidden}>
            {piece.text}
          </span>
        ),
      )}
      {folded && (
        <button type="button" className={styles.more} onClick={() => setWhole(true)}>
          show all {count(text.length)} characters
        </button>
      )}
    </bdi>
  );
}
