// As many problems as a test asks for, the same every time.
import type { ProblemRow } from '../bindings/desk';
import type { ProblemStatus, Severity } from '../bindings/types';

const GRADES: readonly Severity[] = ['fatal', 'error', 'warning', 'info', 'hint'];
const STATUSES: readonly ProblemStatus[] = ['open', 'open', 'open', 'acknowledged', 'muted'];
const JOBS = ['vuln', 'secret', 'license', 'sbom'];
const TOOLS = ['osv-scanner', 'gitleaks', 'scancode', 'syft'];

/** Titles that would be something else if they were not text (promise P28). */
export function hostileProblems(texts: readonly string[]): ProblemRow[] {
  return texts.map((text, index) => {
    const made = row(index, texts.length);
    return {
      ...made,
      file: text,
      package: null,
      purl: null,
      tools: [text],
      problem: { ...made.problem, title: text, code: text, status_reason: text },
    };
  });
}

export function manyProblems(count: number): ProblemRow[] {
  return Array.from({ length: count }, (_, index) => row(index, count));
}

function row(index: number, count: number): ProblemRow {
  const kind = index % 4;
  const hex = index.toString(16).padStart(8, '0');
  const at = new Date(Date.UTC(2026, 10, 21, 12) - index * 60_000).toISOString();
  const name = kind === 0 ? `package-${index % 997}` : null;
  const file = kind === 0 ? null : `src/part-${index % 211}/file-${index % 37}.ts`;
  return {
    problem: {
      fingerprint: hex.repeat(8),
      title: `finding ${index} in ${name ?? file ?? ''}`,
      severity: GRADES[Math.min(4, Math.floor((index * 5) / count))] ?? 'hint',
      source: 'engine',
      code: kind === 0 ? `CVE-2026-${String(index).padStart(5, '0')}` : `rule-${index % 23}`,
      wsid: null,
      status: STATUSES[index % 5] ?? 'open',
      status_reason: '',
      reopened: index % 97 === 0,
      count: 1 + (index % 9),
      purged: 0,
      first_seen: at,
      last_seen: at,
      updated_at: at,
      last_diagnostic_id: hex,
    },
    run_id: null,
    job: JOBS[kind] ?? null,
    tools: [TOOLS[kind] ?? 'osv-scanner'],
    package: name,
    purl: name === null ? null : `pkg:npm/${name}@1.${index % 50}.0`,
    file,
    line: file === null ? null : (index % 400) + 1,
    tags: [JOBS[kind] ?? 'vuln'],
    standing: index % 31 === 0 ? 'new' : 'unchanged',
  };
}
