// Where the window is: a hash path with a query. Owns reading and writing it, back and forward.
import { useSyncExternalStore } from 'react';

export interface Route {
  /** The first part: which screen. */
  screen: string;
  /** The parts after it, decoded. */
  parts: string[];
  query: URLSearchParams;
  /** The whole of it, as `go` takes it. */
  path: string;
}

/** Reads a hash. A part that cannot be decoded stands as it is: an address is text from outside. */
export function readRoute(hash: string): Route {
  const path = hash.replace(/^#/, '') || '/home';
  const [place = '', search = ''] = path.split('?', 2);
  const [screen = 'home', ...parts] = place.split('/').filter(Boolean).map(decoded);
  return { screen, parts, query: new URLSearchParams(search), path };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A path of a screen, its parts and its query. */
export function pathOf(
  screen: string,
  parts: readonly string[] = [],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const place = [screen, ...parts].map(encodeURIComponent).join('/');
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, value);
  }
  const text = search.toString();
  return `/${place}${text === '' ? '' : `?${text}`}`;
}

/** What is open beside a list stands in these addresses; the place is the list. */
const LISTS: readonly string[] = ['timeline', 'artifacts', 'registry'];

/** The place an address leads to, whatever it asks there: what is kept of a place is kept under it. */
export function placeOf({ screen, parts }: Route): string {
  return LISTS.includes(screen) ? pathOf(screen) : pathOf(screen, parts);
}

interface Mark {
  at: number;
}

let current = readRoute(location.hash);
let last = 0;
const listeners = new Set<() => void>();

function at(): number {
  const state = history.state as Mark | null;
  return state?.at ?? 0;
}

function told(): void {
  if (`#${current.path}` !== location.hash) current = readRoute(location.hash);
  last = Math.max(last, at());
  for (const listener of listeners) listener();
}

window.addEventListener('popstate', told);
window.addEventListener('hashchange', told);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Goes to a path; a new step of the history. */
export function go(path: string): void {
  if (path === current.path) return;
  last = at() + 1;
  history.pushState({ at: last }, '', `#${path}`);
  told();
}

/** Goes to a path in place of where the window is: no step of the history. */
export function swap(path: string): void {
  if (path === current.path) return;
  history.replaceState({ at: at() }, '', `#${path}`);
  told();
}

export function goBack(): void {
  history.back();
}

export function goForward(): void {
  history.forward();
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, () => current);
}

/** Whether there is a step back, and one forward. */
export function useSteps(): { back: boolean; forward: boolean } {
  const text = useSyncExternalStore(subscribe, () => `${at() > 0} ${at() < last}`);
  const [back, forward] = text.split(' ');
  return { back: back === 'true', forward: forward === 'true' };
}
