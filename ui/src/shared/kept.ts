// What the window keeps between two starts: tabs, filters, scroll, choices; by name, as plain values.
// Written a moment after the last change, so that nothing is written while somebody scrolls.
import {
  createContext,
  type RefObject,
  use,
  useCallback,
  useEffect,
  useSyncExternalStore,
} from 'react';
import { placeOf, useRoute } from './route';

export type Kept = Record<string, unknown>;

/** How many places are known as they were left; the one that was left longest ago goes. */
export const MOST_PLACES = 40;

/** The name under which they are kept. */
const PLACES = 'places';

type Left = Record<string, Record<string, unknown>>;

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

  /** How a place was left. */
  left(place: string, what: string): unknown {
    return this.places()[place]?.[what];
  }

  leave(place: string, what: string, value: unknown): void {
    const { [place]: here = {}, ...others } = this.places();
    if (Object.is(here[what], value)) return;
    const newest = Object.entries(others).slice(1 - MOST_PLACES);
    this.write(PLACES, { ...Object.fromEntries(newest), [place]: { ...here, [what]: value } });
  }

  private places(): Left {
    const places = this.kept[PLACES];
    return typeof places === 'object' && places !== null && !Array.isArray(places)
      ? (places as Left)
      : {};
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

/** As it was when this place was left, by going elsewhere or by a restart. */
export function useLeft<Value>(
  what: string,
  first: Value,
  fits: (value: unknown) => value is Value = (value): value is Value =>
    typeof value === typeof first,
): [Value, (value: Value) => void] {
  const keeper = use(Context);
  const place = placeOf(useRoute());
  const left = useSyncExternalStore(keeper.subscribe, () => keeper.left(place, what));
  const put = useCallback(
    (value: Value) => keeper.leave(place, what, value),
    [keeper, place, what],
  );
  return [fits(left) ? left : first, put];
}

/** Where the window was; a start without an address goes there. */
export function useKeptPath(): void {
  const keeper = use(Context);
  const { screen, path } = useRoute();
  useEffect(() => {
    // What follows a link, or found nothing, is no place to come back to.
    if (screen !== 'link' && screen !== 'lost') keeper.write('path', path);
  }, [keeper, screen, path]);
}

const RESTORED_WITHIN_MS = 4_000;
const SETTLED_MS = 150;

/** Keeps how far an element was scrolled, and scrolls it there again once what it shows is there. */
export function useScrolled(element: RefObject<HTMLElement | null>, what: string): void {
  const keeper = use(Context);
  const place = placeOf(useRoute());
  useEffect(() => {
    const node = element.current;
    if (node === null) return undefined;
    const left = keeper.left(place, what);
    const wanted = typeof left === 'number' ? left : 0;
    let restoring = wanted > 0;
    const stop = () => {
      restoring = false;
    };
    const restore = () => {
      if (!restoring) return;
      node.scrollTop = wanted;
      if (Math.abs(node.scrollTop - wanted) <= 1) restoring = false;
    };
    // It grows while answers come: each time, there is a little more to scroll over.
    const sizes = new ResizeObserver(restore);
    const watch = () => {
      for (const child of node.children) sizes.observe(child);
      restore();
    };
    const children = new MutationObserver(watch);
    children.observe(node, { childList: true });
    watch();
    const enough = setTimeout(stop, RESTORED_WITHIN_MS);
    let settled: ReturnType<typeof setTimeout> | undefined;
    const scrolled = () => {
      if (restoring) return;
      clearTimeout(settled);
      const top = Math.round(node.scrollTop);
      settled = setTimeout(() => keeper.leave(place, what, top), SETTLED_MS);
    };
    node.addEventListener('scroll', scrolled, { passive: true });
    // Whoever moves is not moved back.
    const hands = ['wheel', 'keydown', 'pointerdown'] as const;
    for (const hand of hands) node.addEventListener(hand, stop, { passive: true });
    return () => {
      sizes.disconnect();
      children.disconnect();
      clearTimeout(enough);
      clearTimeout(settled);
      node.removeEventListener('scroll', scrolled);
      for (const hand of hands) node.removeEventListener(hand, stop);
    };
  }, [element, keeper, place, what]);
}
