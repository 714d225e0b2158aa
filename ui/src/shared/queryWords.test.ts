import { expect, it } from 'vitest';
import { toggled, withField, withValue, wordAt } from './queryWords';

it.each([
  ['', 0, null, ''],
  ['sev', 3, null, 'sev'],
  ['is:open sever', 13, null, 'sever'],
  ['is:open severity:hi', 19, 'severity', 'hi'],
  ['severity:high,crit', 18, 'severity', 'crit'],
  ['-tag:x', 6, 'tag', 'x'],
  ['file:"my docs/a', 15, 'file', 'my docs/a'],
])('%j at %d is %s with %j typed', (line, caret, field, typed) => {
  expect(wordAt(line, caret)).toMatchObject({ field, typed });
});

it('puts a field, then a value, then another value', () => {
  const field = withField('sev', wordAt('sev', 3), 'severity');
  expect(field).toEqual({ line: 'severity:', caret: 9 });
  const value = withValue(field.line, wordAt(field.line, 9), 'high');
  expect(value.line).toBe('severity:high ');
  expect(withValue('severity:high,c', wordAt('severity:high,c', 15), 'critical').line).toBe(
    'severity:high,critical ',
  );
});

it('keeps a value with spaces together', () => {
  expect(withValue('file:my', wordAt('file:my', 7), 'my docs/a.js').line).toBe(
    'file:"my docs/a.js" ',
  );
});

it('puts a word in and takes it out', () => {
  expect(toggled('is:open', 'new:yes')).toBe('is:open new:yes');
  expect(toggled('is:open new:yes', 'new:yes')).toBe('is:open');
});
