// Problems without a host: the recorded rows, filtered by the plain words of the query language.
// Good enough to look at screens; what a query means is the host's to say.
import type { ProblemDetail, ProblemFacet, ProblemRow } from '../bindings/desk';
import type { ProblemStatus, Severity } from '../bindings/types';
import { Refusal } from './backend';
import { hostileProblems, manyProblems } from './memoryMany';
import type { Recorded } from './recording';

type Asked = Record<string, unknown>;

const SEVERITIES: readonly Severity[] = ['fatal', 'error', 'warning', 'info', 'hint'];
const FIELDS = [
  'severity',
  'status',
  'job',
  'tool',
  'code',
  'rule',
  'package',
  'file',
  'tag',
  'source',
  'project',
];
const WORDS = ['is', 'new', 'scan', 'no', ...FIELDS];

/** Every command about Problems, over the recorded rows or as many as a test asks for. */
export function problemDesk(recorded: ReadonlyMap<string, Recorded>, wanted: URLSearchParams) {
  const rows = rowsOf(recorded, wanted);
  const details = recorded.get('problem') ?? [];
  const undo = new Map<string, { row: ProblemRow; status: ProblemStatus; reason: string }[]>();
  const find = (query: unknown) => rows.filter(matcher(typeof query === 'string' ? query : ''));
  const sorted = (asked: Asked) =>
    find(asked['query']).sort(order((asked['sort'] ?? 'gravest') as string));
  return {
    problems: (asked: Asked) => {
      const found = sorted(asked);
      const from = Number(asked['after'] ?? '0');
      const to = from + Number(asked['limit'] ?? 100);
      return { items: found.slice(from, to), next: to < found.length ? String(to) : null };
    },
    problem_counts: (asked: Asked) => {
      const found = find(asked['query']);
      return {
        filtered: found.length,
        total: rows.length,
        matching: counted(found),
        all: counted(rows),
      };
    },
    problem_facets: (asked: Asked) => facets(find(asked['query']), asked),
    neighbours: (asked: Asked) => {
      const found = sorted(asked);
      const at = found.findIndex((row) => row.problem.fingerprint === asked['id']);
      return {
        previous: found[at - 1]?.problem.fingerprint ?? null,
        next: found[at + 1]?.problem.fingerprint ?? null,
      };
    },
    problem: (asked: Asked): ProblemDetail => {
      const id = String(asked['id']);
      const row = rows.find((one) => one.problem.fingerprint.startsWith(id));
      const exact = details.find((one) => String((one.question as Asked)['id']).startsWith(id));
      // Where the evidence of this one was not recorded, that of one of its kind stands for it.
      const alike = details.find((one) => {
        const known = (one.answer as ProblemDetail).row;
        return known.job === row?.job && known.problem.severity === row.problem.severity;
      });
      const detail = (exact ?? alike ?? details[0])?.answer as ProblemDetail | undefined;
      if (id === '' || row === undefined || detail === undefined) {
        throw new Refusal({
          code: 'MEX-NOT-FOUND',
          message: `no problem starts with \`${id}\``,
          hint: 'go to Problems and look for it there',
        });
      }
      return { ...detail, row };
    },
    triage: (asked: Asked) => {
      const ids = asked['ids'] as string[];
      const token = String(undo.size + 1);
      const changed = rows.filter((row) => ids.includes(row.problem.fingerprint));
      undo.set(
        token,
        changed.map((row) => ({
          row,
          status: row.problem.status,
          reason: row.problem.status_reason,
        })),
      );
      for (const row of changed) {
        row.problem = {
          ...row.problem,
          status: asked['to'] as ProblemStatus,
          status_reason: String(asked['reason']),
        };
      }
      return { undo_token: token, undo_ms: 10_000, problems: changed.map((row) => row.problem) };
    },
    undo_triage: (asked: Asked) => {
      const before = undo.get(String(asked['undo_token'])) ?? [];
      for (const one of before)
        one.row.problem = { ...one.row.problem, status: one.status, status_reason: one.reason };
      return { undo_token: '', undo_ms: 0, problems: before.map((one) => one.row.problem) };
    },
    problem_text: (asked: Asked) => {
      const ids = asked['ids'] as string[];
      const found = rows.filter((row) => ids.includes(row.problem.fingerprint));
      return { text: textOf(found, asked['as']) };
    },
  };
}

function rowsOf(recorded: ReadonlyMap<string, Recorded>, wanted: URLSearchParams): ProblemRow[] {
  if (wanted.has('first') || wanted.has('clean')) return [];
  const hostile = (globalThis as { hostile?: readonly string[] }).hostile;
  if (hostile !== undefined) return hostileProblems(hostile);
  const many = Number(wanted.get('rows') ?? '0');
  if (many > 0) return manyProblems(many);
  const given = recorded.get('problems')?.[0]?.answer as { items: ProblemRow[] } | undefined;
  return given?.items ?? [];
}

/** As the host's own forms, short: what each is like is the host's to say. */
function textOf(rows: readonly ProblemRow[], form: unknown): string {
  if (form === 'json')
    return JSON.stringify(
      rows.map((row) => row.problem),
      null,
      2,
    );
  const lines = rows.map(({ problem }) => {
    if (form === 'link') return `mex://problem/${problem.fingerprint}`;
    if (form === 'markdown') return `| ${problem.severity} | ${problem.title} |`;
    return `${problem.severity}: ${problem.title}`;
  });
  return lines.join('\n');
}

function counted(rows: readonly ProblemRow[]) {
  const groups = new Map<string, number>();
  for (const { problem } of rows) {
    const key = `${problem.severity} ${problem.status}`;
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return [...groups].map(([key, count]) => {
    const [severity, status] = key.split(' ');
    return { severity, status, count };
  });
}

function facets(found: readonly ProblemRow[], asked: Asked) {
  const field = String(asked['field']);
  const start = ((asked['starts_with'] ?? '') as string).toLowerCase();
  const groups = new Map<string, ProblemRow[]>();
  let without = 0;
  for (const row of found) {
    const values = valuesOf(row, field);
    if (values.length === 0) without += 1;
    for (const value of values) groups.set(value, [...(groups.get(value) ?? []), row]);
  }
  const values: ProblemFacet[] = [...groups]
    .filter(([value]) => value.toLowerCase().startsWith(start))
    .map(([value, members]) => ({
      value,
      term: `${field}:${/\s/.test(value) ? `"${value}"` : value}`,
      count: members.length,
      worst:
        SEVERITIES.find((grade) => members.some((row) => row.problem.severity === grade)) ?? 'hint',
    }));
  values.sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
  return { values: values.slice(0, 100), more: values.length > 100, without };
}

function order(sort: string): (a: ProblemRow, b: ProblemRow) => number {
  const newest = (a: ProblemRow, b: ProblemRow) =>
    b.problem.last_seen.localeCompare(a.problem.last_seen);
  switch (sort) {
    case 'newest':
      return newest;
    case 'oldest':
      return (a, b) => a.problem.first_seen.localeCompare(b.problem.first_seen);
    case 'title':
      return (a, b) => a.problem.title.localeCompare(b.problem.title);
    case 'count':
      return (a, b) => b.problem.count - a.problem.count;
    default:
      return (a, b) =>
        SEVERITIES.indexOf(a.problem.severity) - SEVERITIES.indexOf(b.problem.severity) ||
        newest(a, b);
  }
}

function valuesOf(row: ProblemRow, field: string): string[] {
  const some = (value: string | null) => (value === null ? [] : [value]);
  const { problem } = row;
  switch (field) {
    case 'is':
    case 'status':
      return [problem.status];
    case 'severity':
      return [problem.severity];
    case 'tool':
      return row.tools;
    case 'job':
      return some(row.job);
    case 'code':
    case 'rule':
      return some(problem.code);
    case 'package':
      return some(row.package);
    case 'file':
      return some(row.file);
    case 'tag':
      return row.tags;
    case 'source':
      return [problem.source];
    case 'new':
      return [row.standing === 'new' ? 'yes' : 'no'];
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
        ({ problem, package: name, file }) =>
          not !==
          `${problem.title} ${problem.code ?? ''} ${name ?? ''} ${file ?? ''}`
            .toLowerCase()
            .includes(wants),
      );
      continue;
    }
    if (!WORDS.includes(field)) {
      throw new Refusal({
        code: 'MEX-USAGE',
        message: `\`${field}\` at position ${found.index + 1} is no field of a problem`,
        hint: `the fields are ${WORDS.join(', ')}`,
      });
    }
    if (field === 'scan') continue;
    if (field === 'no') {
      tests.push((row) => not !== (valuesOf(row, wants).length === 0));
      continue;
    }
    const any = wants.split(',');
    const hit = (value: string) =>
      any.some((one) => (one.endsWith('**') ? value.startsWith(one.slice(0, -2)) : value === one));
    tests.push((row) => not !== valuesOf(row, field).some((value) => hit(value.toLowerCase())));
  }
  return (row) => tests.every((test) => test(row));
}
