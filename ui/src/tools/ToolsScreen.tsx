import { useState } from 'react';
import type { Chore, DatabaseView, ToolRow } from '../bindings/more';
import { useAsk, useTell } from '../backend/use';
import { useAction } from '../shared/actions';
import { Answer } from '../shared/Answer';
import { Button } from '../shared/Button';
import { Empty } from '../shared/Empty';
import { count, counted, day } from '../shared/format';
import { Id } from '../shared/Id';
import { Said } from '../shared/Said';
import { Screen, Section } from '../shared/Screen';
import { Cell, Table } from '../shared/Table';
import { useToast } from '../shared/Toasts';
import { TroubleDialog } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { Word, type Tone } from '../shared/Word';
import { ChorePanel } from './ChorePanel';
import { Reach } from './Reach';
import { useChore } from './useChore';
import styles from './Tools.module.css';

/** What scans with, and what it knows: every tool and database by version, digest and age. */
export function ToolsScreen() {
  const tools = useAsk('tools', undefined);
  const databases = useAsk('databases', undefined);
  const install = useChore('install_tools', 'Installing tools');
  const sync = useChore('sync_databases', 'Fetching databases');
  const importing = useTell('importDatabase', ['databases']);
  const toast = useToast();
  const [asking, setAsking] = useState<Chore | null>(null);
  const bring = () =>
    importing.mutate(
      { ecosystem: null },
      {
        onSuccess: (taken) => {
          if (taken !== null)
            toast({ text: `${taken.ecosystem} of ${day(taken.date)} was taken in`, seconds: 6 });
        },
      },
    );
  const group = 'Tools';
  useAction({
    title: 'Fetch the advisory databases',
    group,
    keys: 'f',
    also: 'sync',
    run: () => setAsking('sync_databases'),
  });
  useAction({ title: 'Import an advisory database', group, keys: 'i', run: bring });
  useAction({
    title: 'Install the missing tools',
    group,
    run: () => setAsking('install_tools'),
  });
  return (
    <Screen
      title="Tools and databases"
      about="Every tool is pinned by version and digest; one that is missing or another is never taken for a clean result."
    >
      {install.state !== null && (
        <ChorePanel
          title="Installing tools"
          state={install.state}
          onCancel={install.cancel}
          onClose={install.close}
          again={() => setAsking('install_tools')}
        />
      )}
      {sync.state !== null && (
        <ChorePanel
          title="Fetching databases"
          state={sync.state}
          onCancel={sync.cancel}
          onClose={sync.close}
          again={() => setAsking('sync_databases')}
        />
      )}
      <Section
        title="Tools"
        note={tools.data === undefined ? '' : note(tools.data)}
        actions={
          <Button
            disabled={install.state?.end === 'running'}
            onClick={() => setAsking('install_tools')}
          >
            Install what is missing…
          </Button>
        }
      >
        <Answer of={tools}>{(all) => <Tools all={all} />}</Answer>
      </Section>
      <Section
        title="Advisory databases"
        note="pinned snapshots; a release wants them no older than its policy says"
        actions={
          <>
            <Button keys="i" disabled={importing.isPending} onClick={bring}>
              Import from a file…
            </Button>
            <Button
              look="primary"
              keys="f"
              disabled={sync.state?.end === 'running'}
              onClick={() => setAsking('sync_databases')}
            >
              Fetch…
            </Button>
          </>
        }
      >
        <Answer of={databases}>{(all) => <Databases all={all} />}</Answer>
      </Section>
      {asking !== null && (
        <Reach
          chore={asking}
          onClose={() => setAsking(null)}
          onGo={asking === 'install_tools' ? install.start : sync.start}
        />
      )}
      {importing.isError && (
        <TroubleDialog refusal={importing.error} onClose={importing.reset} again={bring} />
      )}
    </Screen>
  );
}

const STATES: Record<ToolRow['state'], [Tone, string]> = {
  pinned: ['pass', 'pinned'],
  missing: ['incomplete', 'missing'],
  changed: ['denied', 'not the pinned one'],
  unpinned: ['denied', 'unpinned'],
  unreadable: ['incomplete', 'unreadable'],
};

function note(all: readonly ToolRow[]): string {
  const good = all.filter((tool) => tool.state === 'pinned').length;
  return good === all.length
    ? `all ${count(all.length)} are exactly what is pinned`
    : `${count(good)} of ${count(all.length)} are exactly what is pinned`;
}

function Tools({ all }: { all: readonly ToolRow[] }) {
  return (
    <Table
      label="Tools"
      heads={[
        { title: 'Tool', tight: true },
        { title: 'Version', tight: true },
        { title: 'State', tight: true },
        { title: 'SHA-256' },
      ]}
    >
      {all.map((tool) => {
        const [tone, word] = STATES[tool.state];
        return (
          <tr key={tool.name}>
            <Cell tight>
              <span className={styles.name}>
                <Untrusted text={tool.name} />
              </span>
            </Cell>
            <Cell tight>
              <Untrusted text={tool.version} mono />
            </Cell>
            <Cell tight>
              <Word tone={tone} size="s">
                {word}
              </Word>
            </Cell>
            <Cell quiet>
              {tool.sha256 !== null && <Untrusted text={tool.sha256} mono />}{' '}
              <Said text={tool.note} />
            </Cell>
          </tr>
        );
      })}
    </Table>
  );
}

function Databases({ all }: { all: readonly DatabaseView[] }) {
  if (all.length === 0) {
    return (
      <Empty why="nothing-yet" title="There is no advisory database">
        Without one nothing is known of vulnerabilities, and every scan says so. Fetch them, or
        import a snapshot from a file.
      </Empty>
    );
  }
  return (
    <Table
      label="Advisory databases"
      heads={[
        { title: 'Ecosystem', tight: true },
        { title: 'Form', tight: true },
        { title: 'As of', tight: true },
        { title: 'Age', tight: true },
        { title: 'Records', end: true, tight: true },
        { title: 'Use', tight: true },
        { title: 'SHA-256', tight: true },
        { title: 'Origin' },
      ]}
    >
      {all.map((one) => (
        <tr key={one.sha256}>
          <Cell tight>
            <span className={styles.name}>
              <Untrusted text={one.ecosystem} />
            </span>
          </Cell>
          <Cell tight quiet>
            <Untrusted text={one.form} />
          </Cell>
          <Cell tight>{day(one.date)}</Cell>
          <Cell tight>
            <Word tone={one.stale ? 'incomplete' : 'pass'} size="s">
              {one.stale
                ? `${counted(one.age_days, 'day')}: too old`
                : counted(one.age_days, 'day')}
            </Word>
          </Cell>
          <Cell tight end>
            {count(one.record_count)}
          </Cell>
          <Cell tight quiet>
            {one.current ? 'in use' : 'superseded'}
          </Cell>
          <Cell tight>
            <Id id={one.sha256} what="database digest" />
          </Cell>
          <Cell>
            <span className={styles.origin}>
              <Said text={one.origin} />
            </span>
          </Cell>
        </tr>
      ))}
    </Table>
  );
}
