import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { TreeNode } from '../bindings/more';
import { cx } from '../shared/cx';
import { Empty } from '../shared/Empty';
import { count, counted } from '../shared/format';
import { Icon } from '../shared/Icon';
import { rowHeight } from '../shared/measure';
import { VulnGrade } from '../shared/Severity';
import { Skeleton } from '../shared/Skeleton';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { type Line, lines, parentAt } from './tree';
import { useTree } from './useTree';
import styles from './Reports.module.css';

/** What depends on what, by the ARIA tree pattern; only what is seen of it is drawn. */
export function Tree({ runId, onOpen }: { runId: string; onOpen: (node: TreeNode) => void }) {
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const { branches, load } = useTree(runId);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(0);
  const all = useMemo(() => lines(branches, open), [branches, open]);
  const ROW = rowHeight();
  const rows = useVirtualizer({
    count: all.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const shown = rows.getVirtualItems();
  const last = all[shown.at(-1)?.index ?? 0];
  // The rest of a level comes when its end is looked at.
  useEffect(() => {
    if (last?.kind === 'more') load(last.parent, branches.get(last.parent)?.next ?? null);
  }, [last, load, branches]);

  const top = branches.get(null);
  if (top?.refusal) {
    return (
      <div className={styles.trouble}>
        <TroubleView refusal={top.refusal} again={() => load(null)} />
      </div>
    );
  }
  if (top === undefined || (top.waiting && top.nodes.length === 0))
    return (
      <div className={styles.trouble}>
        <Skeleton lines={12} />
      </div>
    );
  if (top.nodes.length === 0) {
    return (
      <Empty why="nothing-yet" title="Nobody says what depends on what">
        The inventory names the components; what was scanned does not say how they belong together.
      </Empty>
    );
  }
  const goTo = (index: number) => {
    const to = Math.max(0, Math.min(all.length - 1, index));
    rows.scrollToIndex(to);
    setActive(to);
  };
  const put = (line: Line, wanted: boolean) => {
    if (line.kind !== 'node' || line.circle || line.node.children === 0) return;
    const next = new Set(open);
    if (wanted) {
      next.add(line.path);
      load(line.node.purl);
    } else next.delete(line.path);
    setOpen(next);
  };
  const pressed = (event: KeyboardEvent) => {
    const line = all[active];
    if (line === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor((event.currentTarget.clientHeight || ROW) / ROW) - 1);
    switch (event.key) {
      case 'ArrowDown':
        goTo(active + 1);
        break;
      case 'ArrowUp':
        goTo(active - 1);
        break;
      case 'PageDown':
        goTo(active + page);
        break;
      case 'PageUp':
        goTo(active - page);
        break;
      case 'Home':
        goTo(0);
        break;
      case 'End':
        goTo(all.length - 1);
        break;
      case 'ArrowRight':
        if (line.kind === 'node' && line.open) goTo(active + 1);
        else put(line, true);
        break;
      case 'ArrowLeft':
        if (line.kind === 'node' && line.open) put(line, false);
        else if (parentAt(all, active) >= 0) goTo(parentAt(all, active));
        break;
      case ' ':
        if (line.kind === 'node') put(line, !line.open);
        break;
      case 'Enter':
        if (line.kind === 'node') onOpen(line.node);
        else if (line.kind === 'more') load(line.parent, branches.get(line.parent)?.next ?? null);
        else if (line.kind === 'refused') load(line.parent);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={scroller}
      className={styles.tree}
      role="tree"
      aria-label="Dependencies"
      aria-activedescendant={
        shown.some((item) => item.index === active) ? `${id}-${active}` : undefined
      }
      tabIndex={0}
      onKeyDown={pressed}
    >
      <div role="none" className={styles.nodes} style={{ height: rows.getTotalSize() }}>
        {shown.map((item) => {
          const line = all[item.index];
          if (line === undefined) return null;
          const node = line.kind === 'node' ? line : null;
          const opens = node !== null && node.node.children > 0 && !node.circle;
          return (
            <div
              key={line.path}
              id={`${id}-${item.index}`}
              role="treeitem"
              aria-level={line.depth + 1}
              aria-expanded={opens ? node.open : undefined}
              aria-posinset={node?.at}
              aria-setsize={node?.of}
              aria-selected={item.index === active}
              className={cx(styles.node, item.index === active && styles.active)}
              style={{ transform: `translateY(${item.start}px)` }}
              onClick={() => {
                setActive(item.index);
                if (node !== null) onOpen(node.node);
                else if (line.kind === 'more')
                  load(line.parent, branches.get(line.parent)?.next ?? null);
                else if (line.kind === 'refused') load(line.parent);
              }}
            >
              <span
                className={styles.indent}
                style={{ width: `calc(${line.depth} * var(--space-6))` }}
              />
              <span
                className={styles.twist}
                onClick={(event) => {
                  if (node === null || !opens) return;
                  event.stopPropagation();
                  setActive(item.index);
                  put(node, !node.open);
                }}
              >
                {opens && (
                  <span className={cx(!node.open && styles.shut)}>
                    <Icon name="down" size="s" />
                  </span>
                )}
              </span>
              <Words line={line} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Words({ line }: { line: Line }) {
  switch (line.kind) {
    case 'waiting':
      return <span className={styles.soft}>reading…</span>;
    case 'more':
      return <span className={styles.soft}>more…</span>;
    case 'refused':
      return (
        <span className={styles.soft}>
          could not be read: <Untrusted text={line.refusal.message} />
        </span>
      );
    case 'node': {
      const { node } = line;
      return (
        <>
          <span className={styles.nodeName}>
            <Untrusted text={node.name} />{' '}
            <span className={styles.soft}>
              <Untrusted text={node.version} />
            </span>
          </span>
          {node.worst !== null && <VulnGrade severity={node.worst} />}
          <span className={styles.nodeEnd}>
            {line.circle && <span>stands above itself</span>}
            {node.vulnerabilities_below > 0 && (
              <span>
                {counted(node.vulnerabilities_below, 'vulnerability', 'vulnerabilities')} below
              </span>
            )}
            {node.below > 0 && <span>{count(node.below)} below</span>}
          </span>
        </>
      );
    }
  }
}
