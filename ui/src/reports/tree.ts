// A dependency tree of any size as the lines that are seen of it: a level is asked for when somebody
// opens it, and what several packages depend on is held once. Owns opening, shutting and circles.
import type { TreeNode } from '../bindings/more';
import type { Refusal } from '../backend/backend';

/** What is known below one package; the top is the package `null`. */
export interface Branch {
  nodes: readonly TreeNode[];
  /** Where the rest begins; null where all are here. */
  next: string | null;
  waiting: boolean;
  refusal: Refusal | null;
}

export type Branches = ReadonlyMap<string | null, Branch>;

export const UNASKED: Branch = { nodes: [], next: null, waiting: true, refusal: null };

export type Line =
  | {
      kind: 'node';
      node: TreeNode;
      /** The packages from the top to here, one a line: the same package stands at many places. */
      path: string;
      depth: number;
      /** Its place among its siblings, from 1. */
      at: number;
      of: number;
      open: boolean;
      /** It stands above itself: it is not opened again. */
      circle: boolean;
    }
  | { kind: 'more' | 'waiting'; parent: string | null; path: string; depth: number }
  | { kind: 'refused'; parent: string | null; path: string; depth: number; refusal: Refusal };

/** The lines of the tree, as far as it is open. */
export function lines(branches: Branches, open: ReadonlySet<string>): Line[] {
  const made: Line[] = [];
  const put = (parent: string | null, above: readonly string[]) => {
    const branch = branches.get(parent) ?? UNASKED;
    const depth = above.length;
    const here = above.join('\n');
    branch.nodes.forEach((node, index) => {
      const chain = [...above, node.purl];
      const path = chain.join('\n');
      const circle = above.includes(node.purl);
      const isOpen = !circle && node.children > 0 && open.has(path);
      made.push({
        kind: 'node',
        node,
        path,
        depth,
        at: index + 1,
        of: branch.nodes.length,
        open: isOpen,
        circle,
      });
      if (isOpen) put(node.purl, chain);
    });
    if (branch.refusal !== null)
      made.push({
        kind: 'refused',
        parent,
        path: `${here}\n!`,
        depth,
        refusal: branch.refusal,
      });
    else if (branch.waiting) made.push({ kind: 'waiting', parent, path: `${here}\n…`, depth });
    else if (branch.next !== null) made.push({ kind: 'more', parent, path: `${here}\n+`, depth });
  };
  put(null, []);
  return made;
}

/** Where the line above this one in the tree stands; -1 at the top. */
export function parentAt(all: readonly Line[], index: number): number {
  const depth = all[index]?.depth ?? 0;
  for (let at = index - 1; at >= 0; at -= 1) if ((all[at]?.depth ?? 0) < depth) return at;
  return -1;
}
