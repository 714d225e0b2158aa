// Long because a list with a query, a selection and a drawer is one conversation told in one place.
import { useRef, useState } from 'react';
import type { ProblemField, ProblemRow } from '../bindings/desk';
import type { ProblemStatus } from '../bindings/types';
import { useBackend } from '../backend/use';
import { useAction } from '../shared/actions';
import { Drawer } from '../shared/Drawer';
import { count } from '../shared/format';
import { Grid, type GridHandle } from '../shared/Grid';
import { useKept, useLeft } from '../shared/kept';
import { QueryLine } from '../shared/QueryLine';
import { Screen } from '../shared/Screen';
import { TroubleView } from '../shared/TroubleView';
import { BESIDE, COLUMNS } from './columns';
import { DrawerHead } from './DrawerHead';
import { FIELDS, facetField } from './fields';
import { GroupPane } from './GroupPane';
import { NothingHere } from './NothingHere';
import { ProblemPane } from './ProblemPane';
import { SelectionBar } from './SelectionBar';
import { Toolbar } from './Toolbar';
import { useCopyAs } from './useCopyAs';
import { useProblems } from './useProblems';
import { useTriage } from './useTriage';
import styles from './ProblemsScreen.module.css';

const NONE: ReadonlySet<string> = new Set();
const keyOf = (row: ProblemRow) => row.problem.fingerprint;
const FEW = COLUMNS.filter((column) => BESIDE.includes(column.key));
const isOpen = (value: unknown): value is string | null =>
  value === null || typeof value === 'string';
const isGroup = (value: unknown): value is ProblemField | '' => typeof value === 'string';

/** Every problem on record: filtered, grouped, walked through, triaged. */
export function ProblemsScreen({ query: given }: { query: URLSearchParams }) {
  const backend = useBackend();
  const { query, ask, sort, setSort, counts, rows } = useProblems(given.get('q'));
  const [group, setGroup] = useKept<ProblemField | ''>('problems.group', '', isGroup);
  const [active, setActive] = useLeft('active', 0);
  const [open, setOpen] = useLeft<string | null>('open', null, isOpen);
  const [selected, setSelected] = useState<ReadonlySet<string>>(NONE);
  const line = useRef<{ focus: () => void }>(null);
  const grid = useRef<GridHandle>(null);
  const triage = useTriage(() => setSelected(NONE));
  const copyAs = useCopyAs();

  const filtered = counts.data?.filtered ?? 0;
  const total = counts.data?.total ?? 0;
  const here = rows.row(active);
  const chosen = selected.size > 0 ? [...selected] : here === undefined ? [] : [keyOf(here)];
  const shut = () => {
    setOpen(null);
    grid.current?.focus();
  };
  const show = (index: number) => {
    const to = Math.max(0, Math.min(filtered - 1, index));
    setActive(to);
    rows.want(to, to);
    const row = rows.row(to);
    if (row !== undefined) setOpen(keyOf(row));
  };
  const asked = (next: string) => {
    setActive(0);
    setSelected(NONE);
    ask(next);
  };
  const put = (to: ProblemStatus) => () => triage.ask(chosen, to);
  useAction({
    title: 'Ask for problems',
    group: 'Problems',
    keys: '/',
    run: () => line.current?.focus(),
  });
  useAction({
    title: 'Next problem',
    group: 'Problems',
    keys: 'F8',
    run: () => show(open === null ? active : active + 1),
  });
  useAction({
    title: 'Previous problem',
    group: 'Problems',
    keys: 'Shift+F8',
    run: () => show(open === null ? active : active - 1),
  });
  useAction({ title: 'Acknowledge', group: 'Problems', keys: 'a', run: put('acknowledged') });
  useAction({ title: 'Mute', group: 'Problems', keys: 'm', run: put('muted') });
  useAction({ title: 'Resolve', group: 'Problems', keys: 'r', run: put('resolved') });
  useAction({ title: 'Reopen', group: 'Problems', keys: 'o', run: put('open') });
  useAction({
    title: 'Copy as Markdown',
    group: 'Problems',
    keys: 'c',
    run: () => copyAs(chosen, 'markdown'),
  });

  return (
    <Screen
      title="Problems"
      about={
        <output aria-label="Problems shown">
          {filtered === total ? count(total) : `${count(filtered)} of ${count(total)}`}
        </output>
      }
      scrolls={false}
      actions={
        <Toolbar
          query={query}
          sort={sort}
          group={group}
          onQuery={asked}
          onSort={setSort}
          onGroup={setGroup}
        />
      }
    >
      <div className={styles.query}>
        <QueryLine
          ref={line}
          label="Query"
          value={query}
          onChange={asked}
          fields={FIELDS}
          values={async (name) => {
            const field = facetField(name);
            if (field === null) return FIELDS.find((one) => one.name === name)?.values ?? [];
            return (await backend.problemFacets({ query: '', field })).values;
          }}
          wrong={
            counts.error?.code === 'MEX-USAGE'
              ? `${counts.error.message}: ${counts.error.hint}`
              : undefined
          }
        />
      </div>
      {selected.size > 0 && (
        <SelectionBar
          count={selected.size}
          onStatus={(to) => put(to)()}
          onCopy={(form) => copyAs(chosen, form)}
          onClear={() => setSelected(NONE)}
        />
      )}
      <div className={styles.body}>
        {group !== '' && <GroupPane field={group} query={query} onQuery={asked} />}
        {rows.refusal !== undefined && counts.error?.code !== 'MEX-USAGE' ? (
          <div className={styles.trouble}>
            <TroubleView refusal={rows.refusal} again={() => void counts.refetch()} />
          </div>
        ) : counts.data !== undefined && filtered === 0 ? (
          <NothingHere query={query} total={total} onClear={() => asked('')} />
        ) : (
          <Grid
            ref={grid}
            label="Problems"
            columns={open === null ? COLUMNS : FEW}
            count={filtered}
            row={rows.row}
            keyOf={keyOf}
            onLook={rows.want}
            active={Math.min(active, Math.max(0, filtered - 1))}
            onActive={(index) => {
              setActive(index);
              // What is looked at follows, once something is.
              const row = rows.row(index);
              if (open !== null && row !== undefined) setOpen(keyOf(row));
            }}
            onOpen={(row) => setOpen(keyOf(row))}
            selected={selected}
            onSelect={setSelected}
            sort={sort}
            onSort={(next) => setSort(next as typeof sort)}
          />
        )}
        {open !== null && filtered > 0 && (
          <Drawer
            title={`Problem ${count(active + 1)} of ${count(filtered)}`}
            onClose={shut}
            head={
              <DrawerHead
                id={open}
                onPrevious={active > 0 ? () => show(active - 1) : undefined}
                onNext={active < filtered - 1 ? () => show(active + 1) : undefined}
              />
            }
          >
            <ProblemPane key={open} id={open} onStatus={(to) => triage.ask([open], to)} />
          </Drawer>
        )}
      </div>
      {triage.dialogs}
    </Screen>
  );
}
