// Everything that can be done, in one place: the palette lists it, the keys run it, the help shows it.
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import { tinykeys } from 'tinykeys';

export interface Action {
  /** What it is called, as a verb: `Scan again`. */
  title: string;
  /** Where it belongs in lists: `Go to`, `Problems`, ... */
  group: string;
  /** Keys as tinykeys writes them: `$mod+KeyK`, `g p`. */
  keys?: string | undefined;
  /** More words to find it by. */
  also?: string;
  /** Runs also while somebody types in a field. */
  whileTyping?: boolean;
  run: () => void;
}

interface Registry {
  actions: readonly Action[];
  put: (id: string, action: Action | undefined) => void;
}

const Context = createContext<Registry>({ actions: [], put: () => undefined });

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !['checkbox', 'radio', 'button'].includes((target as HTMLInputElement).type)
  );
}

export function ActionsProvider({ children }: { children: ReactNode }) {
  const [known, setKnown] = useState<ReadonlyMap<string, Action>>(new Map());
  const put = useCallback((id: string, action: Action | undefined) => {
    setKnown((before) => {
      const after = new Map(before);
      if (action === undefined) after.delete(id);
      else after.set(id, action);
      return after;
    });
  }, []);
  const actions = useMemo(() => [...known.values()], [known]);
  const bound = useMemo(() => actions.filter((action) => action.keys !== undefined), [actions]);
  useEffect(() => {
    const bindings: Record<string, (event: KeyboardEvent) => void> = {};
    for (const action of bound) {
      bindings[action.keys ?? ''] = (event) => {
        if (event.defaultPrevented || (isTyping(event.target) && action.whileTyping !== true))
          return;
        // A dialog has the keys to itself.
        if (document.querySelector('dialog[open]') !== null && action.whileTyping !== true) return;
        event.preventDefault();
        action.run();
      };
    }
    return tinykeys(window, bindings);
  }, [bound]);
  const registry = useMemo(() => ({ actions, put }), [actions, put]);
  return <Context value={registry}>{children}</Context>;
}

/** Offers an action while the component is there; `undefined` offers nothing. */
export function useAction(action: Action | undefined): void {
  const id = useId();
  const { put } = use(Context);
  const latest = useRef(action);
  useEffect(() => {
    latest.current = action;
  });
  const sign =
    action === undefined
      ? undefined
      : JSON.stringify([action.title, action.group, action.keys, action.also, action.whileTyping]);
  useEffect(() => {
    if (sign === undefined || latest.current === undefined) return undefined;
    put(id, { ...latest.current, run: () => latest.current?.run() });
    return () => put(id, undefined);
  }, [id, put, sign]);
}

export function useActions(): readonly Action[] {
  return use(Context).actions;
}
