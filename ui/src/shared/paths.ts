// The address of everything that has one (contract UI-3). No screen writes a path by hand.
import { pathOf } from './route';

export const to = {
  home: () => pathOf('home'),
  scan: (runId?: string) => pathOf('scan', runId === undefined ? [] : [runId]),
  problems: (query?: string) => pathOf('problems', [], { q: query }),
  problem: (id: string) => pathOf('problem', [id]),
  gates: (opId?: string) => pathOf('gates', opId === undefined ? [] : [opId]),
  reports: (runId?: string, kind?: string) =>
    pathOf(
      'reports',
      [runId, kind].filter((part) => part !== undefined),
    ),
  exceptions: () => pathOf('exceptions'),
  registry: (version?: string) => pathOf('registry', version === undefined ? [] : [version]),
  timeline: (filter: { run?: string; job?: string; op?: string } = {}) =>
    pathOf('timeline', [], filter),
  event: (id: string) => pathOf('timeline', [id]),
  job: (id: string) => pathOf('timeline', [], { job: id }),
  artifact: (sha256: string) => pathOf('artifacts', [sha256]),
  artifacts: (filter: { run?: string; op?: string } = {}) => pathOf('artifacts', [], filter),
  tools: () => pathOf('tools'),
  consents: () => pathOf('consents'),
  settings: () => pathOf('settings'),
} as const;
