import { Fragment } from 'react';
import { Untrusted } from './Untrusted';

/** As `Sentence`, inside a line: no capital and no period are added. */
export function Said({ text }: { text: string }) {
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
