import { expect, it, vi } from 'vitest';
import { type Kept, Keeper, MOST_PLACES } from './kept';

function keeper(kept: Kept = {}) {
  const saved: Kept[] = [];
  return { saved, keeper: new Keeper(kept, (now) => saved.push(now), 10) };
}

it('knows how a place was left, also after a restart', () => {
  vi.useFakeTimers();
  const { keeper: first, saved } = keeper();
  first.leave('/problems', 'active', 7);
  first.leave('/problems', 'open', 'abc');
  first.leave('/scan/1', 'screen', 320);
  vi.runAllTimers();
  vi.useRealTimers();
  const again = keeper(JSON.parse(JSON.stringify(saved.at(-1))) as Kept).keeper;
  expect(again.left('/problems', 'active')).toBe(7);
  expect(again.left('/problems', 'open')).toBe('abc');
  expect(again.left('/scan/1', 'screen')).toBe(320);
  expect(again.left('/scan/2', 'screen')).toBeUndefined();
});

it('forgets the place that was left longest ago, and never grows', () => {
  const { keeper: one } = keeper();
  for (let place = 0; place < MOST_PLACES * 3; place += 1) {
    one.leave(`/scan/${place}`, 'screen', place + 1);
    one.leave('/problems', 'active', place);
  }
  expect(Object.keys(one.read('places') as object)).toHaveLength(MOST_PLACES);
  expect(one.left('/scan/0', 'screen')).toBeUndefined();
  expect(one.left('/problems', 'active')).toBe(MOST_PLACES * 3 - 1);
});

it('uses nothing of what was kept in another shape', () => {
  const { keeper: one } = keeper({ places: 'damaged' });
  expect(one.left('/problems', 'active')).toBeUndefined();
  one.leave('/problems', 'active', 2);
  expect(one.left('/problems', 'active')).toBe(2);
});
