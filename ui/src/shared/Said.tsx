import { Fragment } from 'react';
import { Untrusted } from './Untrusted';

/** As `Sentence`, inside a line: no period is added, and a capital only where it is asked for. */
export function Said({ text: given, capital = false }: { text: string; capital?: boolean }) {
  const text =
    capital && /^[a-z]/.test(given) ? given.charAt(0).toUpperCase() + given.slice(1) : given;
  const parts = text.split('`');
  // An odd backtick is somebody's own: the text is shown as it is.
  if (parts.length % 2 === 0) return <Untrusted text={text} />;
  return (
    <>
      {parts.map((part, index) =>
        part === '' ? null : index % 2 === 1 ? (
          <code key={index}>
            <Untrusted text={part} />
          </code>
        ) : (
          <Fragment key={index}>
            <Untrusted text={part} />
          </Fragment>
        ),
      )}
    </>
  );
}
