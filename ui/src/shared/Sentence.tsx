import { Untrusted } from './Untrusted';
import styles from './Sentence.module.css';

/** A sentence of the product: what stands in backticks is a value, shown as code. */
export function Sentence({ text, capital = false }: { text: string; capital?: boolean }) {
  const parts = ended(capital ? raised(text) : text).split('`');
  // An odd backtick is somebody's own: the text is shown as it is.
  if (parts.length % 2 === 0) return <Untrusted text={text} lines />;
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 1 ? (
          <code key={index} className={styles.value}>
            <Untrusted text={part} />
          </code>
        ) : (
          part !== '' && <Untrusted key={index} text={part} lines />
        ),
      )}
    </>
  );
}

function raised(text: string): string {
  return /^[a-z]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

function ended(text: string): string {
  return text === '' || /[.!?…:]$/.test(text) ? text : `${text}.`;
}
