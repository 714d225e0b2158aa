import { expect, it } from 'vitest';
import type { TreeNode } from '../bindings/more';
import { type Branch, lines, parentAt } from './tree';

const node = (purl: string, children = 0): TreeNode => ({
  purl,
  name: purl,
  version: '1',
  children,
  below: children,
  vulnerabilities: 0,
  vulnerabilities_below: 0,
  worst: null,
});
const branch = (...nodes: TreeNode[]): Branch => ({
  nodes,
  next: null,
  waiting: false,
  refusal: null,
});
const names = (all: ReturnType<typeof lines>) =>
  all.map((line) => '  '.repeat(line.depth) + (line.kind === 'node' ? line.node.purl : line.kind));

it('shows a level only where it is open', () => {
  const branches = new Map([
    [null, branch(node('a', 1), node('b'))],
    ['a', branch(node('c'))],
  ]);
  expect(names(lines(branches, new Set()))).toEqual(['a', 'b']);
  expect(names(lines(branches, new Set(['a'])))).toEqual(['a', '  c', 'b']);
});

it('waits where a level was not answered yet, and says where there is more', () => {
  const branches = new Map<string | null, Branch>([
    [null, { ...branch(node('a', 1)), next: 'on' }],
  ]);
  expect(names(lines(branches, new Set(['a'])))).toEqual(['a', '  waiting', 'more']);
});

it('does not follow a circle', () => {
  const branches = new Map([
    [null, branch(node('a', 1))],
    ['a', branch(node('b', 1))],
    ['b', branch(node('a', 1))],
  ]);
  const open = new Set(['a', 'a\nb', 'a\nb\na', 'a\nb\na\nb']);
  const all = lines(branches, open);
  expect(names(all)).toEqual(['a', '  b', '    a']);
  expect(all.at(-1)).toMatchObject({ circle: true, open: false });
});

it('opens one place of a package and not the other', () => {
  const branches = new Map([
    [null, branch(node('a', 1), node('b', 1))],
    ['a', branch(node('x', 1))],
    ['b', branch(node('x', 1))],
    ['x', branch(node('y'))],
  ]);
  const all = lines(branches, new Set(['a', 'b', 'b\nx']));
  expect(names(all)).toEqual(['a', '  x', 'b', '  x', '    y']);
  expect(parentAt(all, 4)).toBe(3);
  expect(parentAt(all, 0)).toBe(-1);
});

it('makes the lines of 5,000 open nodes', () => {
  const top = Array.from({ length: 50 }, (_, index) => node(`t${index}`, 100));
  const branches = new Map<string | null, Branch>([[null, branch(...top)]]);
  for (const one of top)
    branches.set(
      one.purl,
      branch(...Array.from({ length: 100 }, (_, index) => node(`${one.purl}.${index}`))),
    );
  expect(lines(branches, new Set(top.map((one) => one.purl)))).toHaveLength(5_050);
});
