// The words of the query line. What they mean is the host's; here stands what is suggested.
import type { ProblemField } from '../bindings/desk';

export interface Field {
  name: string;
  about: string;
  /** Known values of what is no field of a problem. */
  values?: readonly { value: string; count: number }[];
}

const FACETS: readonly (readonly [ProblemField, string])[] = [
  ['severity', 'fatal, error, warning, info, hint'],
  ['status', 'open, acknowledged, muted, resolved'],
  ['job', 'the job that found it'],
  ['tool', 'a tool that said so'],
  ['code', 'a code, an advisory, a rule’s name'],
  ['rule', 'the rule of the policy or tool'],
  ['package', 'the package’s name'],
  ['file', 'the file; src/** for a folder'],
  ['tag', 'a tag'],
  ['source', 'where it comes from'],
  ['project', 'the project’s name'],
];

export const FIELDS: readonly Field[] = [
  { name: 'is', about: 'its status, in short' },
  ...FACETS.map(([name, about]) => ({ name, about })),
  { name: 'scan', about: 'latest, or a scan’s id' },
  { name: 'new', about: 'yes: since the scan before' },
  { name: 'no', about: 'a field that it has no value in' },
];

export const GROUPS: readonly (readonly [ProblemField | '', string])[] = [
  ['', 'No groups'],
  ['severity', 'By severity'],
  ['job', 'By job'],
  ['code', 'By code'],
  ['rule', 'By rule'],
  ['package', 'By package'],
  ['file', 'By file'],
  ['tool', 'By tool'],
  ['project', 'By project'],
];

/** Which field's values are suggested for a word; null for a word that is no field. */
export function facetField(name: string): ProblemField | null {
  if (name === 'is') return 'status';
  return FACETS.find(([field]) => field === name)?.[0] ?? null;
}
