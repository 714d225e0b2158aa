import type { ProblemRow, ProblemStanding } from '../bindings/desk';
import type { ProblemStatus } from '../bindings/types';
import { count } from '../shared/format';
import type { Column } from '../shared/Grid';
import { Severity } from '../shared/Severity';
import { Time } from '../shared/Time';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import { type Tone, Word } from '../shared/Word';
import styles from './columns.module.css';

const STANDINGS: Record<ProblemStanding, [Tone, string]> = {
  new: ['new', 'new'],
  reopened: ['block', 'came back'],
  unchanged: ['quiet', 'unchanged'],
  not_seen: ['quiet', 'not seen'],
  no_scan: ['quiet', 'of no scan'],
};

/** How a problem stands against the newest scan. What is usual is quiet. */
export function Standing({ standing }: { standing: ProblemStanding }) {
  const [tone, word] = STANDINGS[standing];
  if (tone === 'quiet') return <span className={styles.quiet}>{word}</span>;
  return (
    <Word tone={tone} size="s">
      {word}
    </Word>
  );
}

export function StatusName({ status }: { status: ProblemStatus }) {
  return <span className={status === 'open' ? undefined : styles.quiet}>{status}</span>;
}

/** Where it is: a file with its line, or a package. */
export function Place({ row }: { row: ProblemRow }) {
  const text =
    row.file === null
      ? (row.purl?.replace(/^pkg:/, '') ?? '')
      : `${row.file}${row.line === null ? '' : `:${row.line}`}`;
  return <Untrusted text={text} mono />;
}

/** The first, and how many more. */
function Tools({ tools }: { tools: readonly string[] }) {
  const [first = '', ...more] = tools;
  return (
    <span title={visible(tools.join(', '))}>
      <Untrusted text={first} />
      {more.length > 0 && <span className={styles.quiet}> +{more.length}</span>}
    </span>
  );
}

/** Beside an open problem there is room for its whole title, which names the place. */
export const BESIDE: readonly string[] = ['severity', 'title', 'status'];

export const COLUMNS: readonly Column<ProblemRow>[] = [
  {
    key: 'severity',
    title: 'Severity',
    width: 's',
    sort: 'gravest',
    cell: ({ problem }) => <Severity severity={problem.severity} />,
  },
  {
    key: 'title',
    title: 'Problem',
    width: 'rest',
    sort: 'title',
    cell: ({ problem }) => (
      <span className={styles.title}>
        <Untrusted text={problem.title} />
      </span>
    ),
  },
  { key: 'place', title: 'Where', width: 'share', cell: (row) => <Place row={row} /> },
  {
    key: 'tools',
    wide: true,
    title: 'Said by',
    width: 'm',
    cell: (row) => <Tools tools={row.tools} />,
  },
  {
    key: 'status',
    title: 'Status',
    width: 's',
    cell: ({ problem }) => <StatusName status={problem.status} />,
  },
  {
    key: 'since',
    wide: true,
    title: 'Since',
    width: 's',
    cell: (row) => <Standing standing={row.standing} />,
  },
  {
    key: 'count',
    wide: true,
    title: 'Times',
    width: 'xs',
    end: true,
    sort: 'count',
    cell: ({ problem }) => count(problem.count),
  },
  {
    key: 'seen',
    wide: true,
    title: 'Seen',
    width: 's',
    sort: 'newest',
    cell: ({ problem }) => <Time at={problem.last_seen} />,
  },
];
