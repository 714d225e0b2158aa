// What the window keeps between two starts: tabs, filters, scroll, choices; by name, as plain values.
// Written a moment after the last change, so that nothing is written while somebody scrolls.
import { createContext, use, useCallback, useSyncExternalStore } from 'react';

export type Kept = Record<string, unknown>;

export class Keeper {
  private readonly listeners = new Set<() => void>();
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private kept: Kept,
    private readonly save: (kept: Kept) => void,
    private readonly afterMs = 400,
  ) {}

  read(name: string): unknown {
    return this.kept[name];
  }

  write(name: string, value: unknown): void {
    if (Object.is(this.kept[name], value)) return;
    this.kept = { ...this.kept, [name]: value };
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.save(this.kept), this.afterMs);
    for (const listener of this.listeners) listener();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

const Context = createContext(new Keeper({}, () => undefined));
export const KeptProvider = Context;

/** A value that is still there after a restart. What was kept in another shape is not used. */
export function useKept<Value>(
  name: string,
  first: Value,
  fits: (value: unknown) => value is Value = (value): value is Value =>
    typeof value === typeof first,
): [Value, (value: Value) => void] {
  const keeper = use(Context);
  const kept = useSyncExternalStore(keeper.subscribe, () => keeper.read(name));
  const put = useCallback((value: Value) => keeper.write(name, value), [keeper, name]);
  return [fits(kept) ? kept : first, put];
}
