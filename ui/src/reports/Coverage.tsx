import { useMemo, useState } from 'react';
import type { CoverageEntry, CoverageState } from '../bindings/more';
import { useAsk, useBackend } from '../backend/use';
import { Answer } from '../shared/Answer';
import { count, words } from '../shared/format';
import type { Column } from '../shared/Grid';
import { jobTitle } from '../shared/jobs';
import { KeyValues } from '../shared/KeyValues';
import { Link } from '../shared/Link';
import { pathOf } from '../shared/route';
import { Said } from '../shared/Said';
import { Sentence } from '../shared/Sentence';
import { Choice, Toggle } from '../shared/Toolbar';
import { Untrusted } from '../shared/Untrusted';
import { type Tone, Word } from '../shared/Word';
import { Listing } from './Listing';
import { sum } from './ReportHead';
import styles from './Reports.module.css';

const STATES: Record<CoverageState, [Tone, string]> = {
  scanned: ['pass', 'scanned'],
  skipped: ['quiet', 'skipped'],
  not_scanned: ['incomplete', 'not scanned'],
  failed: ['block', 'failed'],
  tool_missing: ['incomplete', 'tool missing'],
  database_unusable: ['incomplete', 'database unusable'],
};
const GAPS: CoverageState[] = ['not_scanned', 'failed', 'tool_missing', 'database_unusable'];

export function StateWord({ state }: { state: CoverageState }) {
  const [tone, word] = STATES[state];
  return (
    <Word tone={tone} size="s">
      {word}
    </Word>
  );
}

const COLUMNS: readonly Column<CoverageEntry>[] = [
  { key: 'state', title: 'State', width: 'l', cell: (row) => <StateWord state={row.state} /> },
  { key: 'job', title: 'Job', width: 'm', cell: (row) => jobTitle(row.job) },
  {
    key: 'subject',
    title: 'What',
    width: 'l',
    cell: (row) => <Untrusted text={row.subject} mono />,
  },
  {
    key: 'tool',
    title: 'Tool',
    width: 'm',
    cell: (row) =>
      row.tool === null ? (
        <span className={styles.soft}>our own reading</span>
      ) : (
        <Untrusted text={row.tool} />
      ),
  },
  {
    key: 'reason',
    title: 'Why',
    width: 'rest',
    cell: (row) => (
      <span className={styles.soft}>
        <Said text={row.reason} />
      </span>
    ),
  },
  { key: 'items', title: 'Items', width: 's', end: true, cell: (row) => count(row.items) },
];

/** What was scanned, what was not and why. Gaps first: what nobody looked at is never clean. */
export function Coverage({ runId, job: first }: { runId: string; job: string | null }) {
  const backend = useBackend();
  const [job, setJob] = useState(first ?? '');
  const [gapsOnly, setGapsOnly] = useState(false);
  const all = useAsk('coverage', { run_id: runId, limit: 1 });
  const jobs = useMemo(
    () => [...new Set((all.data?.counts ?? []).map((one) => one.job))],
    [all.data],
  );
  return (
    <>
      <Answer of={all} lines={2}>
        {(page) => {
          const gaps = page.counts.filter((one) => one.gap);
          return (
            <div className={styles.head}>
              {gaps.length === 0 ? (
                <Word tone="pass" size="s">
                  no gap
                </Word>
              ) : (
                <Word tone="incomplete" size="s">
                  {sum(gaps) === 1 ? '1 gap' : `${count(sum(gaps))} gaps`}
                </Word>
              )}
              {(Object.keys(STATES) as CoverageState[]).map((state) => {
                const entries = sum(page.counts.filter((one) => one.state === state));
                return entries === 0 ? null : (
                  <span key={state}>
                    {count(entries)} {words(state)}
                  </span>
                );
              })}
              {page.self_statements.length > 0 && (
                <span>
                  <Link to={pathOf('exceptions', [], { tab: 'proposals', run: runId })}>
                    {count(page.self_statements.length)} wishes of the project itself
                  </Link>
                  , none obeyed
                </span>
              )}
            </div>
          );
        }}
      </Answer>
      <Listing<CoverageEntry>
        what="entries"
        one="entry"
        title="Coverage"
        name={`coverage ${runId} ${job} ${gapsOnly}`}
        columns={COLUMNS}
        few={['state', 'subject']}
        keyOf={(row) => `${row.job} ${row.subject} ${row.tool ?? ''} ${row.state} ${row.reason}`}
        load={({ sort: _, ...rest }) =>
          backend.coverage({
            run_id: runId,
            job: job === '' ? null : job,
            states: gapsOnly ? GAPS : [],
            ...rest,
          })
        }
        detail={(row) => <Detail row={row} />}
        clean={{
          title: gapsOnly ? 'There is no gap' : 'The ledger is empty',
          text: gapsOnly
            ? 'Everything that was to be scanned was.'
            : 'No job of this scan named anything that it should look at.',
        }}
        tools={
          <>
            <Choice
              label="Job"
              value={job}
              options={[['', 'all'], ...jobs.map((one) => [one, jobTitle(one)] as const)]}
              onChange={setJob}
            />
            <Toggle on={gapsOnly} onChange={setGapsOnly}>
              Gaps only
            </Toggle>
          </>
        }
      />
    </>
  );
}

function Detail({ row }: { row: CoverageEntry }) {
  return (
    <>
      <h3 className={styles.name}>
        <Untrusted text={row.subject} mono />
      </h3>
      <p>
        <StateWord state={row.state} />
      </p>
      {row.reason !== '' && (
        <p>
          <Sentence text={row.reason} capital />
        </p>
      )}
      <KeyValues
        rows={[
          ['Job', jobTitle(row.job)],
          [
            'Tool',
            row.tool === null ? 'our own reading' : <Untrusted key="tool" text={row.tool} />,
          ],
          ['Stands for', count(row.items)],
        ]}
      />
    </>
  );
}
