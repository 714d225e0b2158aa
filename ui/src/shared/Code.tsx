import type { ReactNode } from 'react';
import { CopyButton } from './Copy';
import { Untrusted } from './Untrusted';
import styles from './Code.module.css';

/** Text as it stands in a file, with its line numbers. */
export function Code({
  text,
  label,
  numbers = false,
}: {
  text: string;
  label: string;
  numbers?: boolean;
}) {
  return (
    <figure className={styles.code}>
      <div className={styles.copy}>
        <CopyButton text={text} what={label} />
      </div>
      <pre className={styles.text} tabIndex={0} role="group" aria-label={label}>
        {numbers ? (
          text.split('\n').map((line, index) => (
            <span key={index} className={styles.line}>
              <span className={styles.number} aria-hidden="true">
                {index + 1}
              </span>
              <Untrusted text={line} />
            </span>
          ))
        ) : (
          <Untrusted text={text} lines />
        )}
      </pre>
    </figure>
  );
}

/** A JSON value, indented, its parts coloured by what they are. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    <figure className={styles.code}>
      <div className={styles.copy}>
        <CopyButton text={JSON.stringify(value, null, 2)} what={label} />
      </div>
      <pre className={styles.text} tabIndex={0} role="group" aria-label={label}>
        <Part value={value} depth={0} />
      </pre>
    </figure>
  );
}

function Part({ value, depth }: { value: unknown; depth: number }): ReactNode {
  if (typeof value === 'string') {
    return (
      <span className={styles.string}>
        &quot;
        <Untrusted text={value} />
        &quot;
      </span>
    );
  }
  if (value === null || typeof value !== 'object') {
    return <span className={styles.literal}>{String(value)}</span>;
  }
  const list = Array.isArray(value);
  const parts: [string, unknown][] = Object.entries(value);
  if (parts.length === 0) return list ? '[]' : '{}';
  const indent = '  '.repeat(depth + 1);
  return (
    <>
      {list ? '[' : '{'}
      {parts.map(([name, part], index) => (
        <span key={name}>
          {`\n${indent}`}
          {!list && (
            <>
              <span className={styles.name}>
                <Untrusted text={name} />
              </span>
              {': '}
            </>
          )}
          <Part value={part} depth={depth + 1} />
          {index < parts.length - 1 && ','}
        </span>
      ))}
      {`\n${'  '.repeat(depth)}`}
      {list ? ']' : '}'}
    </>
  );
}
