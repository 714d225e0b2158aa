import { expect, it } from 'vitest';
import { left } from './left';

const NOW = Date.parse('2026-11-21T21:40:00Z');

it.each([
  ['2026-11-21T21:39:59Z', 'ended'],
  ['2026-11-21T21:40:59Z', 'ended'],
  ['2026-11-21T22:10:00Z', '30 min left'],
  ['2026-11-22T21:40:00Z', '24 h left'],
  ['2026-11-25T21:40:00Z', '4 days left'],
  ['no time at all', 'no time at all'],
])('%s is %s', (expires, word) => {
  expect(left(expires, NOW)).toBe(word);
});
