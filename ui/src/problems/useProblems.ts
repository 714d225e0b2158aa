// The list of problems as it is asked for now: query, order, counts and rows; kept over a restart.
import { useCallback, useEffect, useState } from 'react';
import type { ProblemSort } from '../bindings/desk';
import { useAsk, useBackend } from '../backend/use';
import { useKept } from '../shared/kept';
import { to } from '../shared/paths';
import { swap } from '../shared/route';
import { useRows } from '../shared/useRows';

const SORTS: readonly string[] = ['gravest', 'newest', 'oldest', 'title', 'count'];
const isSort = (value: unknown): value is ProblemSort =>
  typeof value === 'string' && SORTS.includes(value);

export function useProblemQuery() {
  const [query, setQuery] = useKept('problems.query', 'is:open');
  const [sort, setSort] = useKept<ProblemSort>('problems.sort', 'gravest', isSort);
  return { query, setQuery, sort, setSort };
}

export function useProblems(given: string | null) {
  const backend = useBackend();
  const { query, setQuery, sort, setSort } = useProblemQuery();
  // An address with a query is a wish; what is kept follows it.
  useEffect(() => {
    if (given !== null) setQuery(given);
  }, [given, setQuery]);
  const counts = useAsk('problemCounts', { query }, { keep: true });
  // Counts and rows of a line are asked for side by side, once.
  const told = counts.dataUpdatedAt;
  const [first, setFirst] = useState({ query, told });
  if (first.query !== query || (first.told === 0 && told !== 0)) setFirst({ query, told });
  // Told anew, the rows are asked for again too, so that both are of one moment.
  const anew = first.query === query && first.told !== 0 && first.told !== told ? told : 0;
  const rows = useRows(`${query}\n${sort}\n${anew}`, (after, limit) =>
    backend.problems({ query, sort, after, limit }),
  );
  const ask = useCallback(
    (line: string) => {
      setQuery(line);
      swap(to.problems(line));
    },
    [setQuery],
  );
  return { query, ask, sort, setSort, counts, rows };
}
