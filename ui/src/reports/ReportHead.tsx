import type { CoverageCount, ReportMark } from '../bindings/more';
import { useAsk } from '../backend/use';
import { count, counted, day, short } from '../shared/format';
import { Icon } from '../shared/Icon';
import { Id } from '../shared/Id';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import styles from './Reports.module.css';

/** What stands on every result: tools, databases, sandbox, where it comes from; and what is missing. */
export function ReportHead({
  runId,
  job,
  marks,
}: {
  runId: string;
  job: string;
  marks: readonly ReportMark[];
}) {
  const coverage = useAsk('coverage', { run_id: runId, job, limit: 1 });
  const gaps = (coverage.data?.counts ?? []).filter((one) => one.job === job && one.gap);
  const entries = sum(gaps);
  return (
    <div className={styles.head}>
      {coverage.isError ? (
        <Word tone="incomplete" size="s">
          coverage unknown
        </Word>
      ) : entries > 0 ? (
        <Link to={to.reports(runId, 'coverage')} className={styles.gaps}>
          <Word tone="incomplete" size="s">
            {`${counted(entries, 'gap')}: not all was scanned`}
          </Word>
        </Link>
      ) : (
        coverage.data !== undefined && (
          <Word tone="pass" size="s">
            no gap in what was to be scanned
          </Word>
        )
      )}
      {marks.map((mark) => (
        <span key={mark.op_id} className={styles.mark}>
          <span>
            {mark.tools.map((tool, at) => (
              <span key={tool.name}>
                {at > 0 && ', '}
                <Untrusted text={`${tool.name} ${tool.version}`} />
              </span>
            ))}
          </span>
          {mark.databases.map((database) => (
            <span key={database.sha256}>
              <Untrusted text={`${database.ecosystem} (${database.form})`} /> of{' '}
              {day(database.date)}
            </span>
          ))}
          <span className={styles.sandbox}>
            <Icon name={mark.sandbox === 'namespaced' ? 'exceptions' : 'alert'} size="s" />
            {mark.sandbox === 'namespaced' ? 'sandboxed' : 'unsandboxed'}
          </span>
          {mark.determinism !== null && <span>{mark.determinism}</span>}
          {mark.reused_from !== null && (
            <span>
              reused from <Link to={to.gates(mark.reused_from)}>{short(mark.reused_from)}</Link>
            </span>
          )}
          <span className={styles.sandbox}>
            report{' '}
            <Id id={mark.artifact.sha256} what="report" to={to.artifact(mark.artifact.sha256)} />
          </span>
        </span>
      ))}
    </div>
  );
}

export function sum(counts: readonly CoverageCount[]): number {
  return counts.reduce((all, one) => all + one.entries, 0);
}

/** How many rows are shown, of a list that is walked page by page. */
export function Shown({
  known,
  whole,
  what,
  one,
}: {
  known: number;
  whole: boolean;
  what: string;
  one?: string | undefined;
}) {
  return (
    <output aria-label={`${what} shown`}>
      {whole ? counted(known, one ?? what.replace(/s$/, ''), what) : `${count(known)}+ ${what}`}
    </output>
  );
}
