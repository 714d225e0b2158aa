// Problems without a host: the recorded rows, filtered by the plain words of the query language.
// Good enough to look at screens; what a query means is the host's to say.
import type { ProblemRow, ProblemView } from '../bindings/desk';
import type { ProblemStatus, Severity } from '../bindings/types';
import { Refusal } from './backend';
import { manyProblems } from './memoryMany';
import type { Recorded } from './recording';

type Asked = Record<string, unknown>;

const SEVERITIES: readonly Severity[] = ['fatal', 'error', 'warning', 'info', 'hint'];
const STATUSES: readonly ProblemStatus[] = ['open', 'acknowledged', 'muted', 'resolved'];
const FIELDS = [
  'is',
  'severity',
  'tool',
  'job',
  'code',
  'rule',
  'package',
  'file',
  'status',
  'tag',
  'scan',
  'new',
];

export function problemDesk(recorded: ReadonlyMap<string, Recorded>, wanted: URLSearchParams) {
  const given = recorded.get('problems')?.[0]?.answer as { items: ProblemRow[] } | undefined;
  const many = Number(wanted.get('rows') ?? '0');
  const rows =
    wanted.has('first') || wanted.has('clean')
      ? []
      : many > 0
        ? manyProblems(many)
        : (given?.items ?? []);
  const undo = new Map<string, { row: ProblemRow; status: ProblemStatus; reason: string }[]>();
  const find = (query: unknown) => rows.filter(matcher(typeof query === 'string' ? query : ''));
  const sorted = (asked: Asked) => {
    const found = find(asked['query']);
    return asked['sort'] === 'newest'
      ? found.sort((a, b) => b.last_seen.localeCompare(a.last_seen))
      : found;
  };
  return {
    problems: (asked: Asked) => {
      const found = sorted(asked);
      const from = Number(asked['after'] ?? '0');
      const to = from + Number(asked['limit'] ?? 100);
      return { items: found.slice(from, to), next: to < found.length ? String(to) : null };
    },
    problem_counts: (asked: Asked) => {
      const found = find(asked['query']);
      const count = (list: readonly ProblemRow[], of: keyof ProblemRow, is: string) =>
        list.reduce((sum, row) => sum + (row[of] === is ? 1 : 0), 0);
      return {
        filtered: found.length,
        total: rows.length,
        by_severity: SEVERITIES.map((severity) => ({
          severity,
          filtered: count(found, 'severity', severity),
          total: count(rows, 'severity', severity),
        })),
        by_status: STATUSES.map((status) => ({
          status,
          filtered: count(found, 'status', status),
          total: count(rows, 'status', status),
        })),
      };
    },
    problem_groups: (asked: Asked) => {
      const groups = Map.groupBy(
        find(asked['query']),
        (row) => valuesOf(row, String(asked['by']))[0] ?? 'none',
      );
      return [...groups]
        .map(([value, members]) => ({
          value,
          count: members.length,
          worst:
            SEVERITIES.find((grade) => members.some((row) => row.severity === grade)) ?? 'hint',
        }))
        .sort((a, b) => b.count - a.count);
    },
    problem_facets: (asked: Asked) => {
      const counts = new Map<string, number>();
      for (const row of find(asked['query'])) {
        for (const value of valuesOf(row, String(asked['field'])))
          counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      return [...counts]
        .map(([value, count]) => ({ value, count }))
        .sort((a, b) => b.count - a.count);
    },
    neighbours: (asked: Asked) => {
      const found = find(asked['query']);
      const at = found.findIndex((row) => row.fingerprint === asked['id']);
      return {
        previous: found[at - 1]?.fingerprint ?? null,
        next: found[at + 1]?.fingerprint ?? null,
      };
    },
    problem: (asked: Asked) => {
      const id = String(asked['id']);
      const row = rows.find((one) => one.fingerprint.startsWith(id));
      const all = recorded.get('problem') ?? [];
      const view = (
        all.find((one) => String((one.question as Asked)['id']).startsWith(id)) ??
        (many > 0 ? all[0] : undefined)
      )?.answer as ProblemView | undefined;
      if (row === undefined || view === undefined) {
        throw new Refusal({
          code: 'MEX-NOT-FOUND',
          message: `no problem starts with \`${id}\``,
          hint: 'go to Problems and look for it there',
        });
      }
      return { ...view, problem: row };
    },
    triage: (asked: Asked) => {
      const ids = asked['ids'] as string[];
      const token = String(undo.size + 1);
      const changed = rows.filter((row) => ids.includes(row.fingerprint));
      undo.set(
        token,
        changed.map((row) => ({ row, status: row.status, reason: row.status_reason })),
      );
      for (const row of changed) {
        row.status = asked['to'] as ProblemStatus;
        row.status_reason = String(asked['reason']);
      }
      return { undo_token: token, changed: changed.length };
    },
    undo_triage: (asked: Asked) => {
      const before = undo.get(String(asked['undo_token'])) ?? [];
      for (const one of before) {
        one.row.status = one.status;
        one.row.status_reason = one.reason;
      }
      return { changed: before.length };
    },
    problem_text: (asked: Asked) => {
      const ids = asked['ids'] as string[];
      const found = rows.filter((row) => ids.includes(row.fingerprint));
      return { text: found.map((row) => `${row.severity}: ${row.title}`).join('\n') };
    },
  };
}

function valuesOf(row: ProblemRow, field: string): string[] {
  switch (field) {
    case 'is':
    case 'status':
      return [row.status];
    case 'severity':
      return [row.severity];
    case 'tool':
      return row.tools;
    case 'job':
      return row.job === null ? [] : [row.job];
    case 'code':
    case 'rule':
      return row.code === null ? [] : [row.code];
    case 'package':
      return row.place?.startsWith('pkg:') === true ? [row.place] : [];
    case 'file':
      return row.place === null || row.place.startsWith('pkg:') ? [] : [row.place];
    case 'new':
      return [row.since === 'new' ? 'yes' : 'no'];
    default:
      return [];
  }
}

/** `field:a,b -field:c words`; a field nobody knows is refused with its place. */
function matcher(query: string): (row: ProblemRow) => boolean {
  const tests: ((row: ProblemRow) => boolean)[] = [];
  for (const found of query.matchAll(/(-?)(?:([a-z]+):)?("[^"]*"|\S+)/g)) {
    const [, minus, field, raw = ''] = found;
    const wants = raw.replaceAll('"', '').toLowerCase();
    const not = minus === '-';
    if (field === undefined) {
      tests.push(
        (row) =>
          not !== `${row.title} ${row.code ?? ''} ${row.place ?? ''}`.toLowerCase().includes(wants),
      );
      continue;
    }
    if (!FIELDS.includes(field)) {
      throw new Refusal({
        code: 'MEX-USAGE',
        message: `\`${field}\` at ${found.index + 1} is no field of a problem`,
        hint: `the fields are ${FIELDS.join(', ')}`,
      });
    }
    if (field === 'scan') continue;
    const any = wants.split(',');
    const hit = (value: string) =>
      any.some((one) =>
        one.endsWith('**') ? value.startsWith(one.slice(0, -2)) : value.includes(one),
      );
    tests.push((row) => not !== valuesOf(row, field).some((value) => hit(value.toLowerCase())));
  }
  return (row) => tests.every((test) => test(row));
}
