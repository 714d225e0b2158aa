import { useCallback, useRef, useState } from 'react';
import type { EventNarrowing } from '../bindings/more';
import type { StoredEvent } from '../bindings/types';
import { useBackend } from '../backend/use';
import { useAction } from '../shared/actions';
import { Button } from '../shared/Button';
import { Chip } from '../shared/Chip';
import { Empty } from '../shared/Empty';
import { clock, count, short, words } from '../shared/format';
import { type Column, Grid, type GridHandle } from '../shared/Grid';
import { useLeft } from '../shared/kept';
import { pathOf, swap } from '../shared/route';
import { Said } from '../shared/Said';
import { Screen } from '../shared/Screen';
import { Skeleton } from '../shared/Skeleton';
import { Choice, Toggle, Toolbar } from '../shared/Toolbar';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { useRows } from '../shared/useRows';
import { Word } from '../shared/Word';
import { EventDrawer } from './EventDrawer';
import { Heads } from './Heads';
import { EVENT_TYPES, KINDS, says } from './says';
import { useTail } from './useTail';
import styles from './Timeline.module.css';

const COLUMNS: readonly Column<StoredEvent>[] = [
  { key: 'seq', title: 'Seq', width: 's', end: true, cell: (row) => count(row.seq) },
  {
    key: 'time',
    title: 'Time',
    width: 'm',
    cell: (row) => <span title={row.event.timestamp}>{at(row.event.timestamp)}</span>,
  },
  {
    key: 'type',
    title: 'Event',
    width: 'm',
    cell: (row) => <span className={styles.type}>{words(row.event.event_type)}</span>,
  },
  {
    key: 'outcome',
    title: 'Outcome',
    width: 'm',
    cell: (row) => {
      const { outcome } = says(row.event);
      return outcome === null ? null : (
        <Word tone={outcome.tone} size="s">
          {outcome.word}
        </Word>
      );
    },
  },
  {
    key: 'says',
    title: 'What happened',
    width: 'rest',
    cell: (row) => (
      <span>
        <Said text={says(row.event).text} />
      </span>
    ),
  },
  {
    key: 'who',
    title: 'Who',
    width: 's',
    cell: (row) => <Untrusted text={row.event.actor_id} />,
  },
];

/** Beside an open event there is room for the order and the sentence. */
const FEW = COLUMNS.filter((column) => column.key !== 'type' && column.key !== 'who');

/** The day and the clock, to the second. */
function at(time: string): string {
  const day = time.slice(5, 10);
  return `${day} ${clock(time)}`;
}

const FILTERS = ['run', 'job', 'op', 'capability'] as const;
const NAMES = { run: 'scan', job: 'job', op: 'attempt', capability: 'capability' } as const;

/** The Flight Recorder: everything that happened, in the order of the chain. */
export function TimelineScreen({
  eventId,
  filter,
}: {
  eventId: string | undefined;
  filter: URLSearchParams;
}) {
  const backend = useBackend();
  const grid = useRef<GridHandle>(null);
  const [live, setLive] = useState(false);
  const [active, setActive] = useLeft('active', 0);
  const [open, setOpen] = useState<'verify' | 'head' | null>(null);
  const narrowing = narrowed(filter);
  const key = JSON.stringify(narrowing);
  const rows = useRows(key, (after, limit) =>
    backend.events({ filter: narrowing, order: 'newest', after, limit }),
  );
  const tail = useTail(live, narrowing, key);
  const fresh = tail.events;
  const total = fresh.length + rows.count;

  const put = (changes: Readonly<Record<string, string | undefined>>) => {
    const all = { ...Object.fromEntries(filter), ...changes };
    swap(pathOf('timeline', eventId === undefined ? [] : [eventId], all));
  };
  const show = (id: string | undefined) =>
    swap(pathOf('timeline', id === undefined ? [] : [id], Object.fromEntries(filter)));
  const row = (index: number) =>
    index < fresh.length ? fresh[index] : rows.row(index - fresh.length);
  const want = useCallback(
    (first: number, last: number) =>
      rows.want(Math.max(0, first - fresh.length), Math.max(0, last - fresh.length)),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the list is its key
    [key, fresh.length],
  );
  const move = (step: number) => {
    const next = Math.max(0, Math.min(total - 1, active + step));
    const one = row(next);
    if (one === undefined) return;
    setActive(next);
    show(one.event.event_id);
  };

  const group = 'Timeline';
  useAction({
    title: live ? 'Stop following' : 'Follow what happens',
    group,
    keys: 'l',
    also: 'live tail',
    run: () => setLive(!live),
  });
  useAction({ title: 'Verify the chain', group, keys: 'v', run: () => setOpen('verify') });
  useAction({ title: 'Export a signed head', group, run: () => setOpen('head') });
  useAction({ title: 'Go to the list', group, keys: 'Alt+KeyG', run: () => grid.current?.focus() });

  const type = filter.get('type') ?? '';
  const filtered = [...filter.keys()].length > 0;
  return (
    <Screen
      title="Timeline"
      scrolls={false}
      about="The Flight Recorder: appended to, never changed, each event chained to the one before."
      actions={
        <>
          <Button onClick={() => setOpen('head')}>Export a head…</Button>
          <Button keys="v" onClick={() => setOpen('verify')}>
            Verify…
          </Button>
        </>
      }
    >
      <Toolbar
        end={
          <>
            {fresh.length > 0 && <span>{count(fresh.length)} since you follow</span>}
            <Toggle on={live} onChange={setLive}>
              {live ? 'Following' : 'Follow'}
            </Toggle>
          </>
        }
      >
        <Choice
          label="Events"
          value={type}
          options={[['', 'all'], ...EVENT_TYPES]}
          onChange={(next) => put({ type: next, kind: undefined })}
        />
        {type === 'system' && (
          <Choice
            label="Kind"
            value={filter.get('kind') ?? ''}
            options={[['', 'any'], ...KINDS.map((kind) => [kind, words(kind)] as const)]}
            onChange={(kind) => put({ kind })}
          />
        )}
        {FILTERS.map((name) => {
          const value = filter.get(name);
          return value === null ? null : (
            <Chip
              key={name}
              what={NAMES[name]}
              value={short(value)}
              onClear={() => put({ [name]: undefined })}
            />
          );
        })}
      </Toolbar>
      <div className={styles.split}>
        <div className={styles.list}>
          {rows.refusal !== undefined || tail.refusal !== undefined ? (
            <TroubleView
              refusal={rows.refusal ?? (tail.refusal as NonNullable<typeof tail.refusal>)}
            />
          ) : rows.waiting && total === 0 ? (
            <Skeleton lines={14} />
          ) : total === 0 ? (
            filtered ? (
              <Empty
                why="filtered-out"
                title="No event is like this"
                act={<Button onClick={() => swap(pathOf('timeline'))}>Show all events</Button>}
              >
                The chain holds others; the filter above leaves them out.
              </Empty>
            ) : (
              <Empty why="nothing-yet" title="Nothing was recorded yet">
                The first scan writes the first events.
              </Empty>
            )
          ) : (
            <Grid
              ref={grid}
              label="Events, newest first"
              columns={eventId === undefined ? COLUMNS : FEW}
              count={total}
              row={row}
              keyOf={(one) => one.event.event_id}
              onLook={want}
              active={active}
              onActive={setActive}
              onOpen={(one) => show(one.event.event_id)}
            />
          )}
        </div>
        {eventId !== undefined && (
          <EventDrawer
            key={eventId}
            id={eventId}
            onClose={() => {
              show(undefined);
              grid.current?.focus();
            }}
            onMove={move}
          />
        )}
      </div>
      {open !== null && <Heads what={open} onClose={() => setOpen(null)} />}
    </Screen>
  );
}

function narrowed(filter: URLSearchParams): EventNarrowing {
  const made: EventNarrowing = {};
  const type = filter.get('type');
  if (type !== null && type !== '') made.event_type = type;
  for (const name of [...FILTERS, 'kind'] as const) {
    const value = filter.get(name);
    if (value !== null && value !== '') made[name] = value;
  }
  return made;
}
