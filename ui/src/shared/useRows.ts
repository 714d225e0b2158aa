// A long list as a grid asks for it: rows by their number, a page at a time.
import { useCallback, useEffect, useMemo, useReducer, useState } from 'react';
import { Refusal } from '../backend/backend';
import { Keyset, type Walked } from './keyset';

export interface LongList<Row> {
  row: (index: number) => Row | undefined;
  want: (first: number, last: number) => void;
  /** Rows known to be there; all of them once `whole`. */
  known: number;
  /** For a grid that is told no total: one row more than is known, until the end was seen. */
  count: number;
  whole: boolean;
  /** Every row held now: what has been looked at lately. */
  held: () => Row[];
  refusal: Refusal | undefined;
  /** True until the first page is there. */
  waiting: boolean;
}

/** `key` names the list: another key is another list, from its start. */
export function useRows<Row>(
  key: string,
  load: (after: string | null, limit: number) => Promise<Walked<Row>>,
): LongList<Row> {
  const [, turn] = useReducer((before: number) => before + 1, 0);
  const [wrong, setWrong] = useState<{ key: string; refusal: Refusal }>();
  const list = useMemo(
    () => new Keyset<Row>(load, turn, (thrown) => setWrong({ key, refusal: Refusal.of(thrown) })),
    // The list is its key; how it is loaded does not change while the key stays.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [key],
  );
  useEffect(() => {
    list.want(0, 0);
    return () => list.stop();
  }, [list]);
  const [before, setBefore] = useState<Keyset<Row> | null>(null);
  const waiting = list.known === 0 && !list.isWhole;
  // What stood there stays until the first rows of the next list are here.
  useEffect(() => {
    if (!waiting) setBefore(list);
  }, [list, waiting]);
  const row = useCallback(
    (index: number) => (waiting ? before?.row(index) : list.row(index)),
    [list, before, waiting],
  );
  const want = useCallback((first: number, last: number) => list.want(first, last), [list]);
  return {
    row,
    want,
    known: list.known,
    count: list.known + (list.isWhole ? 0 : 1),
    whole: list.isWhole,
    held: () => list.held(),
    refusal: wrong?.key === key ? wrong.refusal : undefined,
    waiting,
  };
}
