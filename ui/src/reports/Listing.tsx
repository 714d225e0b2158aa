// Every report's list: words to search by, an order, rows in pages, one of them open beside it.
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Rows } from '../bindings/desk';
import { useAction } from '../shared/actions';
import { Button, IconButton } from '../shared/Button';
import { Drawer } from '../shared/Drawer';
import { Empty } from '../shared/Empty';
import { type Column, Grid, type GridHandle } from '../shared/Grid';
import { Search } from '../shared/Search';
import { Skeleton } from '../shared/Skeleton';
import { Toolbar } from '../shared/Toolbar';
import { TroubleView } from '../shared/TroubleView';
import { useRows } from '../shared/useRows';
import { Shown } from './ReportHead';
import styles from './Reports.module.css';

export interface ListingProps<Row> {
  /** What the rows are: `vulnerabilities`; and one of them, where it is more than an s less. */
  what: string;
  one?: string;
  /** Names the list beside its words and order. */
  name: string;
  load: (question: {
    query: string;
    sort: string;
    after: string | null;
    limit: number;
  }) => Promise<Rows<Row>>;
  columns: readonly Column<Row>[];
  /** Those that are left beside an open row. */
  few: readonly string[];
  keyOf: (row: Row) => string;
  sort?: string;
  detail: (row: Row) => ReactNode;
  title: string;
  /** How many there are without a search, where the report says so. */
  total?: number | undefined;
  /** There is none, and all of it was looked at. */
  clean: { title: string; text: ReactNode };
  tools?: ReactNode;
}

export function Listing<Row>({
  what,
  one,
  name,
  load,
  columns,
  few,
  keyOf,
  sort: first = '',
  detail,
  title,
  total,
  clean,
  tools,
}: ListingProps<Row>) {
  const [words, setWords] = useState('');
  const [sort, setSort] = useState(first);
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState<Row | null>(null);
  const [turn, setTurn] = useState(0);
  const grid = useRef<GridHandle>(null);
  const line = useRef<{ focus: () => void }>(null);
  const key = JSON.stringify([name, words, sort, turn]);
  const rows = useRows<Row>(key, (after, limit) => load({ query: words, sort, after, limit }));
  useEffect(() => {
    setActive(0);
    setOpen(null);
  }, [key]);
  useAction({
    title: `Search ${what}`,
    group: 'Reports',
    keys: '/',
    run: () => line.current?.focus(),
  });
  const move = (step: number) => {
    const at = Math.max(0, Math.min(rows.known - 1, active + step));
    const row = rows.row(at);
    if (row === undefined) return;
    setActive(at);
    setOpen(row);
  };
  const shut = () => {
    setOpen(null);
    grid.current?.focus();
  };
  // The whole length is known before the list was walked; never less than what is there.
  const all =
    total !== undefined && words === '' && !rows.whole ? Math.max(total, rows.count) : null;
  const nothing = rows.whole && rows.known === 0;
  return (
    <>
      <Toolbar
        end={
          <Shown
            known={all ?? rows.known}
            whole={rows.whole || all !== null}
            what={what}
            one={one}
          />
        }
      >
        <Search ref={line} label={`Search ${what}`} value={words} onChange={setWords} />
        {tools}
      </Toolbar>
      <div className={styles.split}>
        {rows.refusal !== undefined ? (
          <div className={styles.trouble}>
            <TroubleView refusal={rows.refusal} again={() => setTurn(turn + 1)} />
          </div>
        ) : nothing && words !== '' ? (
          <Empty
            why="filtered-out"
            title={`None of the ${what} holds these words`}
            act={<Button onClick={() => setWords('')}>Clear the search</Button>}
          >
            {words}
          </Empty>
        ) : nothing ? (
          <Empty why="clean" title={clean.title}>
            {clean.text}
          </Empty>
        ) : rows.waiting && rows.row(0) === undefined ? (
          <div className={styles.trouble}>
            <Skeleton lines={14} />
          </div>
        ) : (
          <Grid
            ref={grid}
            label={title}
            columns={open === null ? columns : columns.filter((column) => few.includes(column.key))}
            count={all ?? rows.count}
            row={rows.row}
            keyOf={keyOf}
            onLook={rows.want}
            active={Math.min(active, Math.max(0, rows.known - 1))}
            onActive={(index) => {
              setActive(index);
              const row = rows.row(index);
              if (open !== null && row !== undefined) setOpen(row);
            }}
            onOpen={setOpen}
            {...(sort !== '' && { sort, onSort: setSort })}
          />
        )}
        {open !== null && (
          <Drawer
            title={`${title}, ${active + 1}`}
            onClose={shut}
            head={
              <>
                <IconButton icon="back" label="Previous" onClick={() => move(-1)} />
                <IconButton icon="forward" label="Next" onClick={() => move(1)} />
              </>
            }
          >
            <div className={styles.detail}>{detail(open)}</div>
          </Drawer>
        )}
      </div>
    </>
  );
}
