import { expect, it } from 'vitest';
import { laidOut } from './laidOut';

it.each([
  ['{"a":[1,2]}', false, '{\n  "a": [\n    1,\n    2\n  ]\n}'],
  ['{"a":{},"b":[]}', false, '{\n  "a": {},\n  "b": []\n}'],
  ['{"a":"x, {y}: \\"z\\""}', false, '{\n  "a": "x, {y}: \\"z\\""\n}'],
  ['{"a":[1,2', true, '{"a":[1,2'],
  ['{\n"a": 1\n}', false, '{\n"a": 1\n}'],
  ['plain text\n', false, 'plain text\n'],
  ['', false, ''],
])('%j (cut: %s) is shown as %j', (text, cut, shown) => {
  expect(laidOut(text, cut)).toBe(shown);
});

it('changes no number and drops no field that is said twice', () => {
  const shown = laidOut('{"n":12345678901234567890,"n":1.10}', false);
  expect(shown).toContain('12345678901234567890');
  expect(shown).toContain('1.10');
});
