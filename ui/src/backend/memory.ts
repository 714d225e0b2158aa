// Answers from recordings, and what a recording cannot hold: other filters, a triage, a scan that runs.
import type { Progress } from '../bindings/desk';
import { Refusal } from './backend';
import { moreDesk } from './memoryMore';
import { problemDesk } from './memoryProblems';
import { canonical, type Exchange, missing, type Recorded } from './recording';

type Asked = Record<string, unknown>;
type Answer = (question: Asked, heard: ((message: unknown) => void) | undefined) => unknown;

/** Every command by its wire name. */
export function memory(
  files: Readonly<Record<string, Recorded>>,
  wanted: URLSearchParams,
): (name: string, argument: Record<string, unknown>) => Promise<unknown> {
  const recorded = new Map<string, Recorded>();
  for (const [path, exchanges] of Object.entries(files)) {
    recorded.set(path.replace(/^.*\//, '').replace(/\.json$/, ''), exchanges);
  }
  const first = wanted.has('first');
  const running = new Map<string, { project: string; begun: number }>();
  let preferences = (recorded.get('preferences')?.[0]?.answer ?? {}) as { preferences: Asked };
  const kept = wanted.get('kept');
  if (kept !== null)
    preferences = { ...preferences, preferences: { ...preferences.preferences, window: kept } };
  const newest = () =>
    (recorded.get('recent_projects')?.[0]?.answer as { path: string }[] | undefined)?.[0]?.path ??
    null;
  const problems = problemDesk(recorded, wanted);
  const own: Record<string, Answer> = {
    ...problems,
    ...moreDesk(recorded, wanted),
    listen: (_, heard) => {
      const dropped = DROPS[wanted.get('drop') ?? ''];
      if (dropped !== undefined) heard?.({ news: 'dropped', items: dropped });
      const leaving = wanted.get('leave');
      if (leaving !== null) heard?.({ news: 'quit_asked', running: [leaving] });
      return null;
    },
    choose_folder: () => ({ path: newest() }),
    choose_file: (question) => ({ path: `/srv/review/${String(question['purpose'])}` }),
    forget_project: (question) =>
      (recorded.get('recent_projects')?.[0]?.answer as { path: string }[]).filter(
        (one) => one.path !== question['path'],
      ),
    open_in_editor: () => null,
    quit: () => null,
    open_state: () => ({
      ...(recorded.get('open_state')?.[0]?.answer as Asked),
      ...(first && { first_run: true, problem_counts: [] }),
    }),
    preferences: () => preferences,
    save_preferences: (patch) => {
      preferences = { ...preferences, preferences: { ...preferences.preferences, ...patch } };
      return preferences;
    },
    recent_projects: () => (first ? [] : (recorded.get('recent_projects')?.[0]?.answer ?? [])),
    running_scans: () =>
      [...running].map(([run_id, scan]) => ({
        run_id,
        project: scan.project,
        name: scan.project.split('/').at(-1) ?? '',
        mode: 'release',
        begun_at: new Date(scan.begun).toISOString(),
      })),
    start_scan: (question, heard) => {
      const exchange = recorded.get('start_scan')?.[0];
      if (exchange === undefined) throw missing('start_scan');
      const { run_id } = exchange.answer as { run_id: string };
      running.set(run_id, { project: String(question['path']), begun: Date.now() });
      play(exchange, heard, Number(wanted.get('pace') ?? '1'), () => running.delete(run_id));
      return exchange.answer;
    },
    cancel_scan: (question) => {
      running.delete(String(question['id']));
      return null;
    },
  };
  return async (name, argument) => {
    await Promise.resolve();
    const question = (argument['question'] ?? {}) as Asked;
    const heard = argument['channel'] as ((message: unknown) => void) | undefined;
    const known = recorded.get(name);
    const exact = known?.find((one) => canonical(one.question ?? {}) === canonical(question));
    const answer = own[name];
    if (answer !== undefined) return answer(question, heard);
    const exchange =
      exact ??
      byStart(known, question) ??
      known?.find((one) => canonical(one.question ?? {}) === '{}');
    if (exchange === undefined) throw missing(name);
    if (exchange.refusal !== undefined) throw new Refusal(exchange.refusal);
    for (const message of exchange.messages ?? []) heard?.(message);
    return exchange.answer;
  };
}

/** What `?drop=` drops on the window. */
const DROPS: Readonly<Record<string, readonly { path: string; kind: string }[]>> = {
  folder: [{ path: '/srv/nodegoat', kind: 'folder' }],
  report: [{ path: '/srv/reports/semgrep.sarif', kind: 'file' }],
  picture: [{ path: '/srv/reports/holiday.png', kind: 'file' }],
  unreadable: [],
};

/** An id may be given by its beginning. */
function byStart(known: Recorded | undefined, question: Asked): Exchange | undefined {
  const id = question['id'];
  if (typeof id !== 'string' || id === '') return undefined;
  return known?.find((one) => String((one.question as Asked | null)?.['id']).startsWith(id));
}

/** Sends what was sent, when it was sent; `pace` 0 sends all at once. */
function play(
  exchange: Exchange,
  heard: ((message: unknown) => void) | undefined,
  pace: number,
  ended: () => void,
): void {
  for (const message of (exchange.messages ?? []) as readonly Progress[]) {
    setTimeout(() => {
      if (message.news === 'finished') ended();
      heard?.(message);
    }, message.elapsed_ms * pace);
  }
}
