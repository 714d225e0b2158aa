// A table of any length by the ARIA grid pattern. Owns focus, keys and selection; rows come from outside,
// a part at a time. Long because the pattern is one state machine: what is active, what is chosen.
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useId,
  useImperativeHandle,
  useRef,
  type Ref,
} from 'react';
import { cx } from './cx';
import { Icon } from './Icon';
import { useScrolled } from './kept';
import { Unseen } from './Live';
import { rowHeight, useIsWide } from './measure';
import styles from './Grid.module.css';

export interface Column<Row> {
  key: string;
  title: string;
  /** One of the column sizes of tokens.css, a share of what is left, or the most of it. */
  width: 'xs' | 's' | 'm' | 'l' | 'xl' | 'share' | 'rest';
  end?: boolean;
  /** Shown only where there is room for it. */
  wide?: boolean;
  /** The order that a click on its head asks for. */
  sort?: string;
  cell: (row: Row) => ReactNode;
}

export interface GridHandle {
  focus: () => void;
}

interface Grid<Row> {
  label: string;
  columns: readonly Column<Row>[];
  /** How many rows there are, loaded or not. */
  count: number;
  row: (index: number) => Row | undefined;
  keyOf: (row: Row) => string;
  /** Which rows are looked at now. */
  onLook?: (first: number, last: number) => void;
  /** The row that keys act on. */
  active: number;
  onActive: (index: number) => void;
  onOpen?: (row: Row, index: number) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  sort?: string;
  onSort?: (sort: string) => void;
  ref?: Ref<GridHandle>;
}

export function Grid<Row>(grid: Grid<Row>) {
  const { label, count, row, keyOf, onLook, active, onActive, onOpen, selected, onSelect } = grid;
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const anchor = useRef(0);
  const wide = useIsWide(scroller);
  useScrolled(scroller, `grid ${label}`);
  const columns = grid.columns.filter((column) => wide || column.wide !== true);
  const ROW = rowHeight();
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    scrollPaddingStart: ROW,
    scrollPaddingEnd: ROW,
  });
  const shown = rows.getVirtualItems();
  const first = shown[0]?.index ?? 0;
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    onLook?.(first, last);
  }, [onLook, first, last, count]);
  useImperativeHandle(grid.ref, () => ({
    focus: () => scroller.current?.focus({ preventScroll: true }),
  }));

  const goTo = (index: number) => {
    const to = Math.max(0, Math.min(count - 1, index));
    rows.scrollToIndex(to);
    onActive(to);
    return to;
  };
  const select = (from: number, to: number, also: ReadonlySet<string>) => {
    const chosen = new Set(also);
    for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) {
      const one = row(index);
      if (one !== undefined) chosen.add(keyOf(one));
    }
    onSelect?.(chosen);
  };
  const toggle = (index: number) => {
    const one = row(index);
    if (one === undefined || onSelect === undefined) return;
    const chosen = new Set(selected);
    if (!chosen.delete(keyOf(one))) chosen.add(keyOf(one));
    anchor.current = index;
    onSelect(chosen);
  };

  const pressed = (event: KeyboardEvent) => {
    if (event.target !== scroller.current || event.altKey) return;
    const page = Math.max(1, Math.floor((event.currentTarget.clientHeight || ROW) / ROW) - 2);
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: count - 1,
    };
    const to = moves[event.key];
    const one = row(active);
    if (to !== undefined) {
      const reached = goTo(to);
      if (event.shiftKey) select(anchor.current, reached, new Set());
      else anchor.current = reached;
    } else if (event.key === 'Enter' && one !== undefined) onOpen?.(one, active);
    else if (event.key === ' ') toggle(active);
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey) && onSelect !== undefined)
      select(0, count - 1, new Set());
    else if (event.key === 'Escape' && (selected?.size ?? 0) > 0) onSelect?.(new Set());
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const clicked = (event: MouseEvent, index: number) => {
    const one = row(index);
    if (one === undefined) return;
    if (event.shiftKey && onSelect !== undefined) {
      select(anchor.current, index, new Set());
      onActive(index);
      return;
    }
    if (event.ctrlKey || event.metaKey) {
      onActive(index);
      toggle(index);
      return;
    }
    anchor.current = index;
    onActive(index);
    onOpen?.(one, index);
  };

  const ticks = onSelect !== undefined;
  return (
    <div
      ref={scroller}
      className={styles.grid}
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length + (ticks ? 1 : 0)}
      aria-multiselectable={ticks || undefined}
      aria-activedescendant={
        count > 0 && shown.some((item) => item.index === active) ? `${id}-${active}` : undefined
      }
      tabIndex={0}
      data-columns={columns.map((column) => column.width).join(' ')}
      onKeyDown={pressed}
    >
      <div role="rowgroup" className={styles.headGroup}>
        <div role="row" aria-rowindex={1} className={styles.head}>
          {ticks && (
            <div role="columnheader" aria-colindex={1} className={styles.tick}>
              <Unseen>Chosen</Unseen>
            </div>
          )}
          {columns.map((column, index) => (
            <Head key={column.key} column={column} index={index + (ticks ? 2 : 1)} grid={grid} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className={styles.rows} style={{ height: rows.getTotalSize() }}>
        {shown.map((item) => {
          const one = row(item.index);
          const chosen = one !== undefined && selected?.has(keyOf(one)) === true;
          return (
            // Keys are the grid's own (aria-activedescendant); the pointer acts on the row.
            <div
              key={item.key}
              id={`${id}-${item.index}`}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={ticks ? chosen : undefined}
              aria-busy={one === undefined || undefined}
              className={cx(
                styles.row,
                item.index === active && styles.active,
                chosen && styles.chosen,
              )}
              style={{ transform: `translateY(${item.start}px)` }}
              onClick={(event) => clicked(event, item.index)}
            >
              {ticks && (
                <div
                  role="gridcell"
                  aria-colindex={1}
                  className={styles.tick}
                  onClick={(event) => {
                    event.stopPropagation();
                    onActive(item.index);
                    if (event.shiftKey) select(anchor.current, item.index, selected ?? new Set());
                    else toggle(item.index);
                  }}
                >
                  <span className={styles.box}>{chosen && <Icon name="check" size="s" />}</span>
                  <Unseen>{chosen ? 'chosen' : 'not chosen'}</Unseen>
                </div>
              )}
              {columns.map((column, index) => (
                <div
                  key={column.key}
                  role="gridcell"
                  aria-colindex={index + (ticks ? 2 : 1)}
                  className={cx(
                    styles.cell,
                    styles[column.width],
                    column.end === true && styles.end,
                  )}
                >
                  {one === undefined ? <span className={styles.waiting} /> : column.cell(one)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Head<Row>({
  column,
  index,
  grid,
}: {
  column: Column<Row>;
  index: number;
  grid: Grid<Row>;
}) {
  const sorts = column.sort !== undefined && grid.onSort !== undefined;
  const sorted = sorts && grid.sort === column.sort;
  return (
    <div
      role="columnheader"
      aria-colindex={index}
      aria-sort={sorted ? 'descending' : undefined}
      className={cx(styles.cell, styles[column.width], column.end === true && styles.end)}
    >
      {sorts ? (
        <button
          type="button"
          className={styles.sort}
          onClick={() => grid.onSort?.(column.sort ?? '')}
        >
          {column.title}
          {sorted && <Icon name="down" size="s" />}
        </button>
      ) : (
        column.title
      )}
    </div>
  );
}
