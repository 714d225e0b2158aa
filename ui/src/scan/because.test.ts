import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Cause, CauseChange, CauseKind } from '../bindings/types';
import { because, CHANGES, KINDS } from './because';

const TYPES = readFileSync(join(import.meta.dirname, '../bindings/generated/types.ts'), 'utf8');

/** The words of a closed list, as the host has them. */
function listed(name: string): string[] {
  const line = new RegExp(`export type ${name} = (.*);`).exec(TYPES)?.[1] ?? '';
  return [...line.matchAll(/"([a-z_]+)"/g)].map(([, word]) => word ?? '').sort();
}

const cause = (kind: CauseKind, how: CauseChange, moved: Partial<Cause> = {}): Cause => ({
  kind,
  how,
  subject: 'lodash',
  was: null,
  is: null,
  ...moved,
});

it('has words for every cause and every change that there is, and no other', () => {
  expect(Object.keys(KINDS).sort()).toEqual(listed('CauseKind'));
  expect(Object.keys(CHANGES).sort()).toEqual(listed('CauseChange'));
});

it.each(Object.keys(KINDS) as CauseKind[])('tells every change of `%s` apart', (kind) => {
  const said = (Object.keys(CHANGES) as CauseChange[]).map((how) => because(cause(kind, how)));
  for (const line of said) {
    expect(line).not.toMatch(/_|undefined|null/);
    expect(line).toContain(KINDS[kind]);
  }
  expect(new Set(said).size).toBe(kind === 'unknown' ? 1 : said.length);
});

it.each([
  [
    cause('dependency', 'changed', { was: '4.17.20', is: '4.17.21' }),
    'Why: a dependency: lodash changed from 4.17.20 to 4.17.21',
  ],
  [cause('dependency', 'added', { is: '1.0.0' }), 'Why: a dependency: lodash came in (1.0.0)'],
  [cause('code', 'removed'), 'Why: the project’s own files: lodash went away'],
  [cause('database', 'withdrawn'), 'Why: the advisory database: lodash was withdrawn'],
  [cause('tool', 'changed', { was: '1', is: '2' }), 'Why: a scanner: lodash changed from 1 to 2'],
  [cause('policy', 'changed'), 'Why: the policy: lodash changed'],
  [cause('exception', 'expired'), 'Why: an exception: lodash ran out'],
  [cause('coverage', 'not_looked_at'), 'Why: what was looked at: lodash was not looked at'],
  [cause('unknown', 'unexplained'), 'Why: nothing that was recorded explains it'],
])('says it as a person would', (one, line) => expect(because(one)).toBe(line));
