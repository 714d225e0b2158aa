import { expect, it } from 'vitest';
import { HELD, Keyset, PAGE } from './keyset';

const list = (length: number) => {
  const asked: (string | null)[] = [];
  const keyset = new Keyset<number>(
    (after, limit) => {
      asked.push(after);
      const from = Number(after ?? '0');
      const items = Array.from(
        { length: Math.min(limit, length - from) },
        (_, index) => from + index,
      );
      const next = from + limit < length ? String(from + limit) : null;
      return Promise.resolve({ items, next });
    },
    () => undefined,
    (thrown) => {
      throw thrown;
    },
  );
  return { keyset, asked };
};
const settled = () => new Promise((done) => setTimeout(done, 30));

it('asks for one page first and for no more', async () => {
  const { keyset, asked } = list(100_000);
  keyset.want(0, 30);
  await settled();
  expect(asked).toEqual([null]);
  expect(keyset.row(30)).toBe(30);
  expect(keyset.row(PAGE)).toBeUndefined();
});

it('reaches the last of 100,000 rows and holds a few pages only', async () => {
  const { keyset } = list(100_000);
  keyset.want(99_970, 99_999);
  await settled();
  expect(keyset.row(99_999)).toBe(99_999);
  expect(keyset.held().length).toBeLessThanOrEqual(HELD * PAGE);
  expect(keyset.known).toBe(100_000);
});

it('reads again what it let go, from where that page begins', async () => {
  const { keyset, asked } = list(10_000);
  keyset.want(9_990, 9_999);
  await settled();
  expect(keyset.row(0)).toBeUndefined();
  asked.length = 0;
  keyset.want(0, 10);
  await settled();
  expect(asked).toEqual([null]);
  expect(keyset.row(5)).toBe(5);
});

it('is whole where the list ends within a page', async () => {
  const { keyset } = list(7);
  keyset.want(0, 30);
  await settled();
  expect(keyset.isWhole).toBe(true);
  expect(keyset.known).toBe(7);
});
