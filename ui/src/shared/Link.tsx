import type { ReactNode } from 'react';

/** A way to another place of the window; a real link, so that it can be copied and read out. */
export function Link({
  to,
  children,
  className,
  label,
}: {
  to: string;
  children: ReactNode;
  className?: string | undefined;
  label?: string;
}) {
  return (
    <a href={`#${to}`} className={className} aria-label={label}>
      {children}
    </a>
  );
}
