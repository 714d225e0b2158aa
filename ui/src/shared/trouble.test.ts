import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TROUBLES, troubleOf } from './trouble';

it('speaks only of codes that there are', () => {
  const list = readFileSync(join(import.meta.dirname, '../../../docs/error-codes.md'), 'utf8');
  expect(Object.keys(TROUBLES).filter((code) => !list.includes(code))).toEqual([]);
});

it('says something of a code it does not know, and never that it went well', () => {
  expect(troubleOf('MEX-OF-TOMORROW').title).toBe('This could not be done');
});
