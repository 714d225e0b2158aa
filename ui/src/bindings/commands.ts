// Every command of the host, as the generated bindings will spell them. Types, and the one table of names.
import type {
  ById,
  NeighboursQuestion,
  ProblemFacets,
  ProblemFacetsQuestion,
  ProblemTextForm,
  Triaged,
  TriageUndone,
  FolderView,
  GateTable,
  HostNews,
  LinkTarget,
  OpenState,
  PreferencesPatch,
  PreferencesState,
  ProblemCounts,
  ProblemRow,
  ProblemsQuestion,
  ProblemDetail,
  Progress,
  RecentProject,
  Rows,
  RunningScan,
  ScanView,
  StartScanRequest,
} from './desk';
import { type MoreCommands, MORE_NAMES } from './more';
import type { Stopping, SyncRequest } from './generated/types';
import type { Delta, OperationEntry, ProblemStatus, ScanEntry } from './types';

export interface Commands extends MoreCommands {
  listen(listener: (message: HostNews) => void): Promise<void>;
  openState(): Promise<OpenState>;
  preferences(): Promise<PreferencesState>;
  savePreferences(question: PreferencesPatch): Promise<PreferencesState>;
  recentProjects(): Promise<RecentProject[]>;
  forgetProject(question: { path: string }): Promise<RecentProject[]>;
  inspectFolder(question: { path: string }): Promise<FolderView>;
  chooseFolder(): Promise<{ path: string | null }>;
  startScan(question: StartScanRequest, listener: (message: Progress) => void): Promise<{ run_id: string }>;
  attachScan(question: ById, listener: (message: Progress) => void): Promise<{ run_id: string }>;
  cancelScan(question: ById): Promise<Stopping>;
  runningScans(): Promise<RunningScan[]>;
  syncDatabases(question: SyncRequest, listener: (message: Progress) => void): Promise<void>;
  scans(question: { wsid?: string | null; after?: string | null; limit?: number | null }): Promise<Rows<ScanEntry>>;
  scan(question: ById): Promise<ScanView>;
  delta(question: { before?: string | null; after: string }): Promise<Delta>;
  problems(question: ProblemsQuestion): Promise<Rows<ProblemRow>>;
  problemCounts(question: { query: string }): Promise<ProblemCounts>;
  problemFacets(question: ProblemFacetsQuestion): Promise<ProblemFacets>;
  problem(question: ById): Promise<ProblemDetail>;
  neighbours(question: NeighboursQuestion): Promise<{ previous: string | null; next: string | null }>;
  triage(question: { ids: string[]; to: ProblemStatus; reason: string }): Promise<Triaged>;
  undoTriage(question: { undo_token: string }): Promise<TriageUndone>;
  problemText(question: { ids: string[]; as: ProblemTextForm }): Promise<{ text: string }>;
  openInEditor(question: ById): Promise<{ path: string; line: number; program: string }>;
  gates(question: ById): Promise<GateTable>;
  operations(question: { of: string }): Promise<OperationEntry[]>;
  resolveLink(question: { uri: string }): Promise<LinkTarget>;
  quit(): Promise<void>;
}

/** Calls one command of the host; refuses with an AppError. */
export type Call = <A>(name: string, argument?: Record<string, unknown>) => Promise<A>;

/** Makes what the host sends messages into. */
export type MakeChannel = <M>(listener: (message: M) => void) => unknown;

const NAMES = [
  'listen', 'openState', 'preferences', 'savePreferences', 'recentProjects', 'forgetProject',
  'inspectFolder', 'chooseFolder', 'startScan', 'attachScan', 'cancelScan', 'runningScans',
  'syncDatabases', 'scans', 'scan', 'delta', 'problems', 'problemGroups', 'problemCounts',
  'problemFacets', 'problem', 'neighbours', 'triage', 'undoTriage', 'problemText', 'openInEditor',
  'gates', 'operations', 'resolveLink', 'quit',
  ...MORE_NAMES,
] as const;

/** The commands over any way to call them: Tauri's, or recorded answers. */
export function commands(call: Call, channel: MakeChannel): Commands {
  const made: Record<string, unknown> = {};
  for (const name of NAMES) {
    const wire = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    made[name] = (...sent: unknown[]) => {
      const argument: Record<string, unknown> = {};
      for (const one of sent) {
        if (typeof one === 'function') argument['channel'] = channel(one as never);
        else argument['question'] = one;
      }
      return call(wire, argument);
    };
  }
  return made as unknown as Commands;
}
