import { type RefObject } from 'react';
import { IconButton } from './Button';

/** Empties a line that somebody types in, and gives it the focus back. */
export function ClearButton({
  label,
  input,
  onClear,
}: {
  label: string;
  input: RefObject<HTMLInputElement | null>;
  onClear: () => void;
}) {
  return (
    <IconButton
      icon="close"
      label={label}
      onClick={() => {
        onClear();
        input.current?.focus();
      }}
    />
  );
}
