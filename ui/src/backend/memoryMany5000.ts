// An inventory of any size, the same every time: a tree that is deep, wide and shares its nodes.
import type { ComponentRow, TreeNode } from '../bindings/more';
import type { VulnSeverity } from '../bindings/types';

const FANOUT = 9;
const WORDS = ['core', 'util', 'parse', 'stream', 'color', 'path', 'event', 'glob', 'yaml', 'tls'];
const LICENSES = ['MIT', 'Apache-2.0 OR MIT', 'ISC', 'BSD-3-Clause', null];

const name = (index: number) => `${WORDS[index % WORDS.length] ?? 'part'}-${index}`;
const version = (index: number) => `${index % 7}.${index % 23}.${index % 11}`;
const purl = (index: number) => `pkg:npm/${name(index)}@${version(index)}`;
const worst = (index: number): VulnSeverity | null =>
  index % 271 === 3 ? 'CRITICAL' : index % 97 === 5 ? 'HIGH' : index % 61 === 7 ? 'MEDIUM' : null;

/** Component n depends on the next ones of a tree with nine branches a node, and on one they share. */
function children(index: number, count: number): number[] {
  const first = index * FANOUT + 1;
  const own = Array.from({ length: FANOUT }, (_, at) => first + at).filter((one) => one < count);
  return own.length > 0 && index > 0 ? [...own, (index * 7 + 1) % count] : own;
}

export function manyComponents(count: number): ComponentRow[] {
  const dependents = new Map<number, number>();
  for (let index = 0; index < count; index += 1)
    for (const child of children(index, count))
      dependents.set(child, (dependents.get(child) ?? 0) + 1);
  return Array.from({ length: count }, (_, index) => ({
    component: { purl: purl(index), ecosystem: 'npm', name: name(index), version: version(index) },
    kind: 'library',
    locations: ['web/package-lock.json'],
    declared_licenses: LICENSES[index % 5] === null ? [] : [LICENSES[index % 5] ?? ''],
    concluded_license: LICENSES[index % 5] ?? null,
    known_by: ['lockfile', 'syft'],
    direct: index > 0 && index <= FANOUT,
    dependencies: children(index, count).length,
    dependents: dependents.get(index) ?? 0,
    vulnerabilities: worst(index) === null ? 0 : 1,
    worst: worst(index),
  }));
}

export function manyTree(count: number): (parent: string | null) => TreeNode[] {
  const at = new Map(Array.from({ length: count }, (_, index) => [purl(index), index] as const));
  const node = (index: number): TreeNode => ({
    purl: purl(index),
    name: name(index),
    version: version(index),
    children: children(index, count).length,
    below: children(index, count).length * FANOUT,
    vulnerabilities: worst(index) === null ? 0 : 1,
    vulnerabilities_below: index === 0 ? Math.floor(count / 97) : children(index, count).length % 3,
    worst: worst(index),
  });
  return (parent) => {
    if (parent === null) return [node(0)];
    const index = at.get(parent);
    return index === undefined ? [] : children(index, count).map(node);
  };
}
