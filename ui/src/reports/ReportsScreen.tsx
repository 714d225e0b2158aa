import { useEffect } from 'react';
import type { ReportList, ReportMark, ReportWord } from '../bindings/more';
import { useAsk, useBackend } from '../backend/use';
import { useAction } from '../shared/actions';
import { Answer } from '../shared/Answer';
import { Empty } from '../shared/Empty';
import { count, moment, short } from '../shared/format';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { go, swap } from '../shared/route';
import { Screen } from '../shared/Screen';
import { Tabs } from '../shared/Tabs';
import { Choice } from '../shared/Toolbar';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import { VerdictWord } from '../shared/Word';
import { Components } from './Components';
import { Coverage } from './Coverage';
import { Licenses } from './PerPackage';
import { ReportHead } from './ReportHead';
import { Secrets } from './Secrets';
import { Vulnerabilities } from './Vulnerabilities';
import styles from './Reports.module.css';

type Kind = ReportWord | 'coverage';

const KINDS: readonly (readonly [Kind, string])[] = [
  ['vulnerabilities', 'Vulnerabilities'],
  ['components', 'SBOM'],
  ['licenses', 'Licences'],
  ['secrets', 'Secrets'],
  ['coverage', 'Coverage'],
];

/** What a scan's jobs reported, and beside it what nobody looked at. */
export function ReportsScreen({
  runId,
  kind,
}: {
  runId: string | undefined;
  kind: string | undefined;
}) {
  const scans = useAsk('scans', { limit: 50 });
  const chosen = scans.data?.items.find((one) =>
    runId === undefined ? one.state === 'ended' : one.run_id.startsWith(runId),
  );
  const run = runId ?? chosen?.run_id;
  const place: Kind = KINDS.find(([key]) => key === kind)?.[0] ?? 'vulnerabilities';
  return (
    <Screen
      title="Reports"
      scrolls={false}
      about={
        chosen === undefined ? undefined : (
          <span className={styles.about}>
            <span>
              <Link to={to.scan(chosen.run_id)}>
                <Untrusted text={chosen.project} />
              </Link>
              , {chosen.mode}, {moment(chosen.begun_at)}
            </span>
            {chosen.state === 'ended' && <VerdictWord verdict={chosen.verdict} size="s" />}
          </span>
        )
      }
      actions={
        (scans.data?.items.length ?? 0) > 1 && (
          <Choice
            label="Scan"
            value={run ?? ''}
            options={(scans.data?.items ?? []).map(
              (one) =>
                [
                  one.run_id,
                  `${visible(one.project.split('/').at(-1) ?? '')} ${moment(one.begun_at)}, ${short(one.run_id)}`,
                ] as const,
            )}
            onChange={(next) => swap(to.reports(next, place))}
          />
        )
      }
    >
      {scans.isError ? (
        <TroubleView refusal={scans.error} again={() => void scans.refetch()} />
      ) : run === undefined ? (
        scans.data !== undefined && (
          <Empty
            why="never-scanned"
            title="Nothing was scanned yet"
            act={<Link to={to.home()}>Choose a project to scan</Link>}
          >
            Reports of secrets, vulnerabilities, components and licences stand here after the first
            scan.
          </Empty>
        )
      ) : (
        <OfScan key={run} runId={run} place={place} />
      )}
    </Screen>
  );
}

function OfScan({ runId, place }: { runId: string; place: Kind }) {
  const backend = useBackend();
  const reports = useAsk('reports', { run_id: runId });
  // The host holds a parsed report while somebody looks at it, and no longer.
  useEffect(
    () => () => {
      backend.closeReport({ run_id: runId }).catch(() => undefined);
    },
    [backend, runId],
  );
  const show = (next: Kind) => go(to.reports(runId, next));
  const group = 'Reports';
  useAction({
    title: 'Show vulnerabilities',
    group,
    keys: '1',
    run: () => show('vulnerabilities'),
  });
  useAction({ title: 'Show the SBOM', group, keys: '2', run: () => show('components') });
  useAction({ title: 'Show licences', group, keys: '3', run: () => show('licenses') });
  useAction({ title: 'Show secrets', group, keys: '4', run: () => show('secrets') });
  useAction({
    title: 'Show what was not scanned',
    group,
    keys: '5',
    also: 'coverage gaps',
    run: () => show('coverage'),
  });
  return (
    <Answer of={reports}>
      {(list) => (
        <Tabs<Kind>
          label="Reports of this scan"
          chosen={place}
          onChoose={show}
          tabs={KINDS.map(([key, title]) => ({
            key,
            title,
            count: key === 'coverage' ? undefined : findings(list, key),
          }))}
        >
          {place === 'coverage' ? (
            <Coverage runId={runId} job={null} />
          ) : (
            <One list={list} runId={runId} kind={place} />
          )}
        </Tabs>
      )}
    </Answer>
  );
}

function marks(list: ReportList, kind: ReportWord): ReportMark[] {
  return list.reports.filter((one) => one.kind === kind);
}

/** A number only where there is a report: none is not nothing. */
function findings(list: ReportList, kind: ReportWord): string {
  const found = marks(list, kind);
  return found.length === 0
    ? 'no report'
    : count(found.reduce((sum, one) => sum + one.findings, 0));
}

const JOBS: Record<ReportWord, string> = {
  secrets: 'secret',
  vulnerabilities: 'vuln',
  components: 'sbom',
  licenses: 'license',
};

function One({ list, runId, kind }: { list: ReportList; runId: string; kind: ReportWord }) {
  const found = marks(list, kind);
  if (found.length === 0) {
    return (
      <Empty
        why="failed"
        title="This scan left no such report"
        act={
          <>
            <Link to={to.reports(runId, 'coverage')}>See what was not scanned</Link>
            <Link to={to.scan(runId)}>Go to the scan</Link>
          </>
        }
      >
        <p>That is never the same as a clean one.</p>
        {list.absent.map((one) => (
          <p key={one}>
            <Untrusted text={one} />
          </p>
        ))}
      </Empty>
    );
  }
  return (
    <>
      <ReportHead runId={runId} job={JOBS[kind]} marks={found} />
      {kind === 'vulnerabilities' ? (
        <Vulnerabilities runId={runId} />
      ) : kind === 'components' ? (
        <Components runId={runId} mark={found[0]} />
      ) : kind === 'licenses' ? (
        <Licenses runId={runId} />
      ) : (
        <Secrets runId={runId} />
      )}
    </>
  );
}
