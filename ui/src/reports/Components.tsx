import { useState } from 'react';
import type { ComponentRow, ComponentSort, ReportMark, TreeNode } from '../bindings/more';
import { useAsk, useBackend, useTell } from '../backend/use';
import { Answer } from '../shared/Answer';
import { Drawer } from '../shared/Drawer';
import { count } from '../shared/format';
import type { Column } from '../shared/Grid';
import { useKept } from '../shared/kept';
import { KeyValues } from '../shared/KeyValues';
import { Menu } from '../shared/Menu';
import { VulnGrade } from '../shared/Severity';
import { Toggle, Toolbar } from '../shared/Toolbar';
import { useToast } from '../shared/Toasts';
import { TroubleDialog } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { Listing } from './Listing';
import { Tree } from './Tree';
import styles from './Reports.module.css';

const COLUMNS: readonly Column<ComponentRow>[] = [
  {
    key: 'name',
    title: 'Component',
    width: 'l',
    sort: 'name',
    cell: (row) => <Untrusted text={row.component.name} />,
  },
  {
    key: 'version',
    title: 'Version',
    width: 'm',
    cell: (row) => <Untrusted text={row.component.version} mono />,
  },
  {
    key: 'ecosystem',
    title: 'Ecosystem',
    width: 'm',
    sort: 'ecosystem',
    cell: (row) => <Untrusted text={row.component.ecosystem} />,
  },
  {
    key: 'license',
    title: 'Licence',
    width: 'rest',
    cell: (row) => (
      <span>
        {row.concluded_license !== null ? (
          <Untrusted text={row.concluded_license} />
        ) : row.declared_licenses.length > 0 ? (
          <span className={styles.soft}>
            declared <Untrusted text={row.declared_licenses.join(', ')} />
          </span>
        ) : (
          <span className={styles.soft}>not known</span>
        )}
      </span>
    ),
  },
  {
    key: 'worst',
    title: 'Vulnerabilities',
    width: 'm',
    sort: 'severity',
    cell: (row) => (row.worst === null ? null : <VulnGrade severity={row.worst} />),
  },
  {
    key: 'direct',
    title: 'How',
    width: 's',
    cell: (row) => (
      <span className={styles.soft}>
        {row.direct === null ? '' : row.direct ? 'direct' : 'through'}
      </span>
    ),
  },
  {
    key: 'dependents',
    title: 'Needed by',
    width: 's',
    end: true,
    sort: 'dependents',
    cell: (row) => count(row.dependents),
  },
];

type As = 'table' | 'tree';
const isAs = (value: unknown): value is As => value === 'table' || value === 'tree';

/** The inventory: a table to search, a tree to walk, and the documents to take away. */
export function Components({ runId, mark }: { runId: string; mark: ReportMark | undefined }) {
  const backend = useBackend();
  const [as, setAs] = useKept<As>('reports.sbom', 'table', isAs);
  const [node, setNode] = useState<TreeNode | null>(null);
  const ways = (
    <>
      <Toggle on={as === 'table'} onChange={() => setAs('table')}>
        Table
      </Toggle>
      <Toggle on={as === 'tree'} onChange={() => setAs('tree')}>
        Dependency tree
      </Toggle>
      <Export runId={runId} mark={mark} />
    </>
  );
  if (as === 'tree') {
    return (
      <>
        <Toolbar>{ways}</Toolbar>
        <div className={styles.split}>
          <Tree runId={runId} onOpen={setNode} />
          {node !== null && (
            <Drawer title="Component" onClose={() => setNode(null)}>
              <div className={styles.detail}>
                <OfNode key={node.purl} runId={runId} node={node} />
              </div>
            </Drawer>
          )}
        </div>
      </>
    );
  }
  return (
    <Listing<ComponentRow>
      what="components"
      title="Component"
      name={`components ${runId}`}
      sort="name"
      total={mark?.findings}
      columns={COLUMNS}
      few={['name', 'version', 'worst']}
      keyOf={(row) => row.component.purl}
      load={({ sort, ...rest }) =>
        backend.components({ run_id: runId, sort: sort as ComponentSort, ...rest })
      }
      detail={(row) => <Detail row={row} />}
      clean={{
        title: 'The inventory is empty',
        text: 'No lockfile or manifest that was read names a component.',
      }}
      tools={ways}
    />
  );
}

function OfNode({ runId, node }: { runId: string; node: TreeNode }) {
  const found = useAsk('components', { run_id: runId, query: node.purl, limit: 10 });
  return (
    <Answer of={found}>
      {({ items }) => {
        const row = items.find((one) => one.component.purl === node.purl);
        return row === undefined ? (
          <h3 className={styles.name}>
            <Untrusted text={node.purl} mono />
          </h3>
        ) : (
          <Detail row={row} />
        );
      }}
    </Answer>
  );
}

function Detail({ row }: { row: ComponentRow }) {
  return (
    <>
      <h3 className={styles.name}>
        <Untrusted text={`${row.component.name} ${row.component.version}`} />
      </h3>
      {row.worst !== null && (
        <p className={styles.words}>
          <VulnGrade severity={row.worst} />
          <span className={styles.soft}>
            {row.vulnerabilities === 1
              ? 'one vulnerability hits it'
              : `the gravest of ${count(row.vulnerabilities)}`}
          </span>
        </p>
      )}
      <KeyValues
        rows={[
          ['Package URL', <Untrusted key="purl" text={row.component.purl} mono />],
          ['Kind', <Untrusted key="kind" text={row.kind} />],
          [
            'Licence',
            row.concluded_license === null ? (
              <Word key="license" tone="incomplete" size="s">
                not concluded
              </Word>
            ) : (
              <Untrusted key="license" text={row.concluded_license} />
            ),
          ],
          [
            'Declared',
            row.declared_licenses.length === 0 ? (
              'nothing'
            ) : (
              <Untrusted key="declared" text={row.declared_licenses.join(', ')} />
            ),
          ],
          ['Named in', <Untrusted key="where" text={row.locations.join(', ')} mono />],
          ['Known by', <Untrusted key="by" text={row.known_by.join(', ')} />],
          [
            'Comes in',
            row.direct === null
              ? 'nobody says how'
              : row.direct
                ? 'as a direct dependency'
                : 'through another package',
          ],
          ['Depends on', count(row.dependencies)],
          ['Needed by', count(row.dependents)],
        ]}
      />
    </>
  );
}

/** The standard documents of the same inventory, written where somebody says. */
function Export({ runId, mark }: { runId: string; mark: ReportMark | undefined }) {
  const cyclonedx = useAsk('artifacts', { run: runId, role: 'cyclonedx', limit: 1 });
  const spdx = useAsk('artifacts', { run: runId, role: 'spdx', limit: 1 });
  const save = useTell('saveArtifact');
  const toast = useToast();
  const put = (id: string) =>
    save.mutate(
      { id },
      {
        onSuccess: ({ path }) => {
          if (path !== null)
            toast({
              text: (
                <>
                  Written to <Untrusted text={path} mono />
                </>
              ),
              seconds: 6,
            });
        },
      },
    );
  const first = (of: typeof cyclonedx) => of.data?.items[0]?.handle.sha256;
  const documents: (readonly [string, string | undefined])[] = [
    ['CycloneDX', first(cyclonedx)],
    ['SPDX', first(spdx)],
    ['The report itself', mark?.artifact.sha256],
  ];
  return (
    <>
      <Menu
        label="Export"
        icon="open"
        items={documents.map(([title, id]) => ({
          title: id === undefined ? `${title}: not left by this scan` : title,
          disabled: id === undefined,
          run: () => {
            if (id !== undefined) put(id);
          },
        }))}
      />
      {save.isError && <TroubleDialog refusal={save.error} onClose={save.reset} />}
    </>
  );
}
