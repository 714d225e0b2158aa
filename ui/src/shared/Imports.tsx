// Reports of other tools, wherever they come from: dropped on the window or chosen. Says before what
// becomes of them, and after what came of each. Nothing here ever reads as a pass.
import { createContext, type ReactNode, use, useCallback, useState } from 'react';
import type { ImportedReport } from '../bindings/desk';
import { Refusal } from '../backend/backend';
import { useAgain, useAsk, useBackend } from '../backend/use';
import { useAction } from './actions';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { Select } from './Field';
import { count, counted } from './format';
import { Id } from './Id';
import { KeyValues } from './KeyValues';
import { useAnnounce } from './Live';
import { to } from './paths';
import { go } from './route';
import { Sentence } from './Sentence';
import { TroubleView } from './TroubleView';
import { Untrusted } from './Untrusted';
import { Word } from './Word';
import styles from './Imports.module.css';

/** What was taken in, or why it was not. */
type Came = { name: string } & ({ report: ImportedReport } | { refusal: Refusal });

const Context = createContext<(dropped?: readonly string[]) => void>(() => undefined);

export function Imports({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<readonly string[] | null>(null);
  const ask = useCallback((dropped: readonly string[] = []) => setAsked(dropped), []);
  useAction({
    title: 'Take in a report of another tool…',
    group: 'Problems',
    also: 'import sarif cyclonedx sbom vex',
    run: ask,
  });
  return (
    <Context value={ask}>
      {children}
      {asked !== null && (
        // Files that are dropped while one is asked about are another question.
        <TakeIn key={asked.join('\n')} dropped={asked} onClose={() => setAsked(null)} />
      )}
    </Context>
  );
}

/** Asks whether to take in what was dropped; without a file, which one. */
export function useTakeIn(): (dropped?: readonly string[]) => void {
  return use(Context);
}

function TakeIn({ dropped, onClose }: { dropped: readonly string[]; onClose: () => void }) {
  const backend = useBackend();
  const again = useAgain();
  const announce = useAnnounce();
  const recent = useAsk('recentProjects', undefined);
  const [project, setProject] = useState('');
  const [busy, setBusy] = useState(false);
  const [came, setCame] = useState<readonly Came[]>([]);
  const takeIn = async () => {
    if (busy) return;
    setBusy(true);
    const all: Came[] = [];
    for (const path of dropped.length === 0 ? [null] : dropped) {
      const name = path === null ? '' : nameOf(path);
      try {
        const asked = { dropped: path, project: project === '' ? null : project };
        const report = await backend.importReport(asked);
        // Nobody chose a file.
        if (report !== null) all.push({ name, report });
      } catch (thrown) {
        all.push({ name, refusal: Refusal.of(thrown) });
      }
    }
    setBusy(false);
    if (all.length === 0) return;
    setCame(all);
    const taken = all.filter((one) => 'report' in one).length;
    announce(taken === 0 ? 'No report was taken in' : `${counted(taken, 'report')} taken in`);
    again(['problems', 'problemCounts', 'problemFacets', 'openState', 'events', 'artifacts']);
  };
  const sources = [...new Set(came.flatMap((one) => ('report' in one ? [one.report.source] : [])))];
  const done = came.length > 0;
  const see = () => {
    onClose();
    go(to.problems(sources.map((source) => `source:"${source}"`).join(' ')));
  };
  return (
    <Dialog
      title={done ? 'What came of it' : 'Take in a report of another tool'}
      wide={done}
      onClose={onClose}
      onSubmit={done ? onClose : () => void takeIn()}
      foot={
        done ? (
          <>
            {sources.length === 1 && (
              <Button icon="problems" onClick={see}>
                Its problems
              </Button>
            )}
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="primary" disabled={busy} onClick={() => void takeIn()}>
              {dropped.length === 0 ? 'Choose a file…' : 'Take in'}
            </Button>
          </>
        )
      }
    >
      {done ? (
        <ul className={styles.came}>
          {came.map((one) => (
            <li key={one.name}>
              <Outcome came={one} />
            </li>
          ))}
        </ul>
      ) : (
        <>
          {dropped.length > 0 && (
            <ul className={styles.files}>
              {dropped.map((path) => (
                <li key={path}>
                  <Untrusted text={path} mono />
                </li>
              ))}
            </ul>
          )}
          <p>
            SARIF 2.1.0, CycloneDX 1.4 to 1.7 and OpenVEX 0.2, each as one JSON document, become
            evidence and problems. A folder that is dropped is scanned.
          </p>
          <p className={styles.soft}>
            No verdict reads what another tool says: nothing passes and nothing is lifted by it.
          </p>
          <Select
            label="About the project"
            value={project}
            onChange={(event) => setProject(event.target.value)}
          >
            <option value="">nobody says which</option>
            {(recent.data ?? [])
              .filter((one) => !one.missing)
              .map((one) => (
                <option key={one.path} value={one.path}>
                  {one.path}
                </option>
              ))}
          </Select>
        </>
      )}
    </Dialog>
  );
}

function Outcome({ came }: { came: Came }) {
  if ('refusal' in came) {
    return (
      <>
        {came.name !== '' && (
          <h3>
            <Untrusted text={came.name} mono />
          </h3>
        )}
        <TroubleView refusal={came.refusal} />
      </>
    );
  }
  const { report } = came;
  const left = Object.entries(report.dropped);
  return (
    <>
      {came.name !== '' && (
        <h3>
          <Untrusted text={came.name} mono />
        </h3>
      )}
      {report.gaps.length > 0 && (
        <div className={styles.gaps}>
          <Word tone="incomplete" size="s">
            not whole
          </Word>
          <ul>
            {report.gaps.map((gap) => (
              <li key={gap}>
                <Sentence text={gap} capital />
              </li>
            ))}
          </ul>
        </div>
      )}
      <KeyValues
        rows={[
          ['Format', `${report.format} ${report.format_version}`],
          ['Says it is of', <Untrusted key="tools" text={report.tools.join('; ')} />],
          ['Says', counted(report.said, 'thing')],
          ['Problems', count(report.problems)],
          [
            'No problem',
            left.length === 0 ? null : (
              <ul key="left">
                {left.map(([reason, many]) => (
                  <li key={reason}>
                    {count(many)}: <Untrusted text={reason} />
                  </li>
                ))}
              </ul>
            ),
          ],
          ['Components', report.components === 0 ? null : count(report.components)],
          [
            'Claims',
            report.claims === 0
              ? null
              : `${count(report.claims)} said to be not affected or fixed; they stand until a person accepts them`,
          ],
          [
            'Evidence',
            <Id
              key="evidence"
              id={report.import_ref.sha256}
              what="artifact"
              to={to.artifact(report.import_ref.sha256)}
            />,
          ],
        ]}
      />
    </>
  );
}

function nameOf(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
