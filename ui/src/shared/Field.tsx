import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react';
import styles from './Field.module.css';

interface Around {
  label: string;
  hint?: ReactNode;
  /** What is wrong with it, as one sentence. */
  wrong?: string | undefined;
}

function Frame({ label, hint, wrong, id, children }: Around & { id: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {wrong !== undefined && (
        <p id={`${id}-wrong`} className={styles.wrong} role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

function described(id: string, { hint, wrong }: Around): string | undefined {
  const ids = [hint !== undefined && `${id}-hint`, wrong !== undefined && `${id}-wrong`];
  return ids.filter(Boolean).join(' ') || undefined;
}

export function TextField({
  label,
  hint,
  wrong,
  ref,
  ...rest
}: Around & { ref?: Ref<HTMLInputElement> } & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const around = { label, hint, wrong };
  return (
    <Frame {...around} id={id}>
      <input
        {...rest}
        ref={ref}
        id={id}
        className={styles.input}
        spellCheck={false}
        autoComplete="off"
        aria-describedby={described(id, around)}
        aria-invalid={wrong !== undefined}
      />
    </Frame>
  );
}

export function TextArea({
  label,
  hint,
  wrong,
  ...rest
}: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  const around = { label, hint, wrong };
  return (
    <Frame {...around} id={id}>
      <textarea
        rows={3}
        {...rest}
        id={id}
        className={styles.input}
        aria-describedby={described(id, around)}
        aria-invalid={wrong !== undefined}
      />
    </Frame>
  );
}

export function Select({
  label,
  hint,
  wrong,
  children,
  ...rest
}: Around & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <Frame label={label} hint={hint} wrong={wrong} id={id}>
      <select
        {...rest}
        id={id}
        className={styles.input}
        aria-describedby={described(id, { label, hint, wrong })}
      >
        {children}
      </select>
    </Frame>
  );
}

/** A tick with its word beside it; the word is part of the target. */
export function Tick({
  label,
  hint,
  ...rest
}: { label: ReactNode; hint?: string } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className={styles.tick}>
      <input type="checkbox" {...rest} />
      <span>
        <span className={styles.tickWord}>{label}</span>
        {hint !== undefined && <span className={styles.hint}>{hint}</span>}
      </span>
    </label>
  );
}
