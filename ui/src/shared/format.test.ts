import { expect, it } from 'vitest';
import { ago, bytes, counted, duration, elapsed, short } from './format';

const NOW = Date.parse('2026-11-21T12:00:00Z');

it.each([
  ['2026-11-21T11:59:50Z', 'just now'],
  ['2026-11-21T11:56:00Z', '4 min ago'],
  ['2026-11-21T09:00:00Z', '3 h ago'],
  ['2026-11-20T12:00:00Z', '1 day ago'],
  ['2026-10-01T12:00:00Z', '1 Oct 2026'],
  ['2026-11-22T12:00:00Z', '22 Nov 2026'],
  ['no time', 'no time'],
])('%s is %s', (at, words) => expect(ago(at, NOW)).toBe(words));

it('writes sizes, durations and counts one way', () => {
  expect([bytes(0), bytes(1_023), bytes(1_536), bytes(500 * 1_024 * 1_024)]).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '500 MiB',
  ]);
  expect([duration(840), duration(12_400), duration(185_000)]).toEqual([
    '840 ms',
    '12.4 s',
    '3 min 05 s',
  ]);
  expect(elapsed(185_000)).toBe('3:05');
  expect([counted(1, 'file'), counted(2_000, 'file'), counted(0, 'entry', 'entries')]).toEqual([
    '1 file',
    '2,000 files',
    '0 entries',
  ]);
  expect(short('0193e1a2-7b3c-7def-8123-456789abcdef')).toBe('0193e1a2-7b3c');
});
