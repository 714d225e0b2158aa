import { useMemo, useRef, useState } from 'react';
import type { DocumentView, ExceptionState, ExceptionView } from '../bindings/more';
import { useAsk } from '../backend/use';
import { useAction } from '../shared/actions';
import { Answer } from '../shared/Answer';
import { Button } from '../shared/Button';
import { Drawer } from '../shared/Drawer';
import { Empty } from '../shared/Empty';
import { count, counted, day } from '../shared/format';
import { type Column, Grid, type GridHandle } from '../shared/Grid';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { useLeft } from '../shared/kept';
import { to } from '../shared/paths';
import { go, pathOf, useRoute } from '../shared/route';
import { Said } from '../shared/Said';
import { Screen } from '../shared/Screen';
import { Search } from '../shared/Search';
import { Tabs } from '../shared/Tabs';
import { Choice, Toolbar } from '../shared/Toolbar';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { AddProblem } from './Add';
import { Baseline } from './Baseline';
import { Proposals } from './Proposals';
import { Renew } from './Renew';
import { Revoke } from './Revoke';
import { accepts, HOW, KINDS, stateWord, USES } from './words';
import styles from './Exceptions.module.css';

interface Row {
  view: ExceptionView;
  document: DocumentView;
}

type Tab = 'list' | 'proposals';

function projectOf(document: DocumentView): string | null {
  return document.place.in === 'data_folder' && document.place.project !== ''
    ? document.place.project
    : null;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    key: 'state',
    title: 'State',
    width: 'm',
    cell: ({ view }) => {
      const [tone, word] = stateWord(view);
      return (
        <Word tone={tone} size="s">
          {word}
        </Word>
      );
    },
  },
  {
    key: 'kind',
    title: 'Kind',
    width: 'm',
    cell: ({ view }) => KINDS[view.exception.matches.type],
  },
  {
    key: 'accepts',
    title: 'Accepts',
    width: 'rest',
    cell: ({ view }) => (
      <span>
        <Said text={accepts(view.exception.matches)} />
      </span>
    ),
  },
  {
    key: 'reason',
    title: 'Why',
    width: 'rest',
    cell: ({ view }) => (
      <span className={styles.soft}>
        <Said text={view.exception.reason} />
      </span>
    ),
  },
  {
    key: 'owner',
    title: 'Owner',
    width: 's',
    cell: ({ view }) => <Untrusted text={view.exception.owner} />,
  },
  { key: 'ends', title: 'Ends', width: 'm', cell: ({ view }) => day(view.exception.expires) },
];
const isOpen = (value: unknown): value is string | null =>
  value === null || typeof value === 'string';
const FEW = COLUMNS.filter((column) => ['state', 'accepts'].includes(column.key));

/** What is accepted for a time: by whom, why and until when; and what the project asks for itself. */
export function ExceptionsScreen() {
  const route = useRoute();
  const exceptions = useAsk('exceptions', {});
  const state = useAsk('openState', undefined);
  const owner = state.data?.actor ?? '';
  const problem = route.query.get('problem') ?? undefined;
  const tab: Tab = route.query.get('tab') === 'proposals' ? 'proposals' : 'list';
  const [open, setOpen] = useState<'add' | 'baseline' | null>(problem === undefined ? null : 'add');
  const show = (next: Tab) =>
    go(pathOf('exceptions', [], next === 'list' ? {} : { tab: 'proposals' }));
  const group = 'Exceptions';
  useAction({
    title: 'Accept a problem for a time',
    group,
    keys: 'n',
    also: 'add exception ignore',
    run: () => setOpen('add'),
  });
  useAction({ title: 'Take a baseline', group, keys: 'b', run: () => setOpen('baseline') });
  useAction({
    title: 'Show what the project asks for',
    group,
    also: 'proposals',
    run: () => show('proposals'),
  });
  return (
    <Screen
      title="Exceptions"
      about="Accepted for a time, bound to content, never to a line. What expired lifts nothing and says so."
      scrolls={false}
      actions={
        <>
          <Button keys="b" onClick={() => setOpen('baseline')}>
            Take a baseline…
          </Button>
          <Button look="primary" icon="plus" keys="n" onClick={() => setOpen('add')}>
            Accept a problem…
          </Button>
        </>
      }
    >
      <Tabs<Tab>
        label="Exceptions and proposals"
        chosen={tab}
        onChoose={show}
        tabs={[
          {
            key: 'list',
            title: 'Exceptions',
            count:
              exceptions.data === undefined
                ? undefined
                : count(
                    exceptions.data.documents.reduce((all, one) => all + one.exceptions.length, 0),
                  ),
          },
          { key: 'proposals', title: 'Proposed by the project' },
        ]}
      >
        {tab === 'proposals' ? (
          <Proposals run={route.query.get('run') ?? undefined} owner={owner} />
        ) : (
          <Answer of={exceptions} lines={10}>
            {(list) => <List documents={list.documents} onAdd={() => setOpen('add')} />}
          </Answer>
        )}
      </Tabs>
      {open === 'add' && (
        <AddProblem problem={problem} owner={owner} onClose={() => setOpen(null)} />
      )}
      {open === 'baseline' && <Baseline owner={owner} onClose={() => setOpen(null)} />}
    </Screen>
  );
}

type Which = ExceptionState | 'all' | 'unused';
const WHICH: readonly (readonly [Which, string])[] = [
  ['all', 'all'],
  ['live', 'live'],
  ['expiring', 'ending within 7 days'],
  ['expired', 'expired'],
  ['unused', 'matched nothing'],
];

function List({ documents, onAdd }: { documents: readonly DocumentView[]; onAdd: () => void }) {
  const grid = useRef<GridHandle>(null);
  const line = useRef<{ focus: () => void }>(null);
  const [words, setWords] = useState('');
  const [which, setWhich] = useState<Which>('all');
  const [active, setActive] = useLeft('active', 0);
  const [open, setOpen] = useLeft<string | null>('open', null, isOpen);
  const [doing, setDoing] = useState<'renew' | 'revoke' | null>(null);
  const all = useMemo(
    () => documents.flatMap((document) => document.exceptions.map((view) => ({ view, document }))),
    [documents],
  );
  const found = useMemo(() => {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    return all.filter(
      ({ view }) =>
        (which === 'all' ||
          (which === 'unused' ? view.last_use === 'unused' : view.state === which)) &&
        wanted.every((word) => JSON.stringify(view.exception).toLowerCase().includes(word)),
    );
  }, [all, words, which]);
  const keyOf = (row: Row) => `${row.document.document_id} ${row.view.exception.id}`;
  const shown = found.find((row) => keyOf(row) === open);
  useAction({
    title: 'Search the exceptions',
    group: 'Exceptions',
    keys: '/',
    run: () => line.current?.focus(),
  });
  useAction(
    shown === undefined
      ? undefined
      : { title: 'Renew this exception', group: 'Exceptions', run: () => setDoing('renew') },
  );
  useAction(
    shown === undefined
      ? undefined
      : { title: 'Revoke this exception', group: 'Exceptions', run: () => setDoing('revoke') },
  );
  if (all.length === 0) {
    return (
      <Empty
        why="nothing-yet"
        title="Nothing is accepted"
        act={
          <Button look="primary" icon="plus" onClick={onAdd}>
            Accept a problem…
          </Button>
        }
      >
        Every finding counts as the policy says. An exception lifts one thing, for a time, with a
        name under it.
      </Empty>
    );
  }
  const shut = () => {
    setOpen(null);
    grid.current?.focus();
  };
  return (
    <>
      <Toolbar
        end={
          <span>
            {found.length === all.length
              ? counted(all.length, 'exception')
              : `${count(found.length)} of ${count(all.length)}`}
          </span>
        }
      >
        <Search ref={line} label="Search exceptions" value={words} onChange={setWords} />
        <Choice label="Show" value={which} options={WHICH} onChange={setWhich} />
      </Toolbar>
      <div className={styles.split}>
        {found.length === 0 ? (
          <Empty
            why="filtered-out"
            title="No exception is like this"
            act={
              <Button
                onClick={() => {
                  setWords('');
                  setWhich('all');
                }}
              >
                Show all
              </Button>
            }
          >
            {counted(all.length, 'exception')} in all.
          </Empty>
        ) : (
          <Grid
            ref={grid}
            label="Exceptions"
            columns={shown === undefined ? COLUMNS : FEW}
            count={found.length}
            row={(index) => found[index]}
            keyOf={keyOf}
            active={Math.min(active, found.length - 1)}
            onActive={(index) => {
              setActive(index);
              const row = found[index];
              if (open !== null && row !== undefined) setOpen(keyOf(row));
            }}
            onOpen={(row) => setOpen(keyOf(row))}
          />
        )}
        {shown !== undefined && (
          <Drawer title="Exception" onClose={shut}>
            <One
              row={shown}
              onRenew={() => setDoing('renew')}
              onRevoke={() => setDoing('revoke')}
            />
          </Drawer>
        )}
      </div>
      {shown !== undefined && doing === 'renew' && (
        <Renew
          view={shown.view}
          project={projectOf(shown.document)}
          onClose={() => setDoing(null)}
        />
      )}
      {shown !== undefined && doing === 'revoke' && (
        <Revoke
          view={shown.view}
          project={projectOf(shown.document)}
          onClose={(revoked) => {
            setDoing(null);
            if (revoked) shut();
          }}
        />
      )}
    </>
  );
}

function One({ row, onRenew, onRevoke }: { row: Row; onRenew: () => void; onRevoke: () => void }) {
  const { view, document } = row;
  const { exception } = view;
  const [tone, word] = stateWord(view);
  return (
    <div className={styles.one}>
      <h3 className={styles.name}>
        <Said text={accepts(exception.matches)} capital />
      </h3>
      <p className={styles.states}>
        <Word tone={tone}>{word}</Word>
        {view.last_use !== null && (
          <span className={styles.soft}>
            {USES[view.last_use]} in{' '}
            {document.last_scan === null ? (
              'the newest scan'
            ) : (
              <Id id={document.last_scan} what="scan" to={to.scan(document.last_scan)} />
            )}
          </span>
        )}
      </p>
      <p>
        <Said text={exception.reason} />
      </p>
      <KeyValues
        rows={[
          ['Id', <Untrusted key="id" text={exception.id} mono />],
          ['Owner', <Untrusted key="owner" text={exception.owner} />],
          [
            'Approved by',
            <span key="approver" className={styles.states}>
              <Untrusted text={exception.approver.name} />
              {exception.approver.how === 'typed' ? (
                <Word tone="incomplete" size="s">
                  only typed
                </Word>
              ) : (
                <span className={styles.soft}>{HOW[exception.approver.how]}</span>
              )}
            </span>,
          ],
          ['Made', day(exception.created)],
          ['Ends', day(exception.expires)],
          [
            'Project',
            document.place.in === 'data_folder' ? (
              <Untrusted key="project" text={document.place.project} mono />
            ) : (
              <Untrusted key="file" text={document.place.path} mono />
            ),
          ],
          [
            'Document',
            document.sha256 === null ? null : (
              <Id
                key="document"
                id={document.sha256}
                what="allowlist"
                to={to.artifact(document.sha256)}
              />
            ),
          ],
          ...matched(exception.matches),
        ]}
      />
      <p className={styles.states}>
        <Button onClick={onRenew}>Renew…</Button>
        <Button look="danger" onClick={onRevoke}>
          Revoke…
        </Button>
      </p>
    </div>
  );
}

function matched(match: ExceptionView['exception']['matches']) {
  switch (match.type) {
    case 'secret':
      return [
        ['Fingerprint', <Id key="print" id={match.fingerprint} what="fingerprint" />] as const,
      ];
    case 'vulnerability':
      return [
        ['Aliases', <Untrusted key="aliases" text={match.aliases.join(', ')} mono />] as const,
      ];
    case 'license':
      return [
        ['Content', <Id key="content" id={match.content_sha256} what="content digest" />] as const,
      ];
    case 'gap':
      return [];
  }
}
