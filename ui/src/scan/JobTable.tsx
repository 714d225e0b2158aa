import type { ScanView } from '../bindings/desk';
import type { JobEntry, OperationEntry, ToolIdentity } from '../bindings/types';
import { Card } from '../shared/Card';
import { duration, short } from '../shared/format';
import { jobTitle } from '../shared/jobs';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Section } from '../shared/Screen';
import { Time } from '../shared/Time';
import { Untrusted } from '../shared/Untrusted';
import { StatusWord, Word } from '../shared/Word';
import styles from './JobTable.module.css';

/** Each job: how it ended, which tools at which version, whether an earlier result stands for it. */
export function JobTable({ view }: { view: ScanView }) {
  return (
    <Section title="Jobs">
      <Card flush>
        <ul>
          {view.jobs.map((job) => (
            <Job
              key={job.job_id}
              job={job}
              operations={view.operations.filter((operation) => operation.job_id === job.job_id)}
            />
          ))}
        </ul>
      </Card>
    </Section>
  );
}

interface Ended {
  tools?: ToolIdentity[];
  reused_from?: string | null;
  reused_result_of?: string | null;
}

function Job({ job, operations }: { job: JobEntry; operations: readonly OperationEntry[] }) {
  const took =
    job.ended_at === null
      ? null
      : new Date(job.ended_at).getTime() - new Date(job.begun_at).getTime();
  return (
    <li className={styles.job}>
      <div className={styles.head}>
        <span className={styles.title}>{jobTitle(job.job ?? job.job_kind)}</span>
        <span className={styles.took}>{took !== null && duration(took)}</span>
        {job.state === 'ended' ? (
          <StatusWord status={job.status} />
        ) : (
          <Word tone={job.state === 'running' ? 'running' : 'quiet'} size="s">
            {job.state}
          </Word>
        )}
      </div>
      {operations.map((operation) => {
        const ended = (operation.ended?.event.payload ?? {}) as Ended;
        return (
          <div key={operation.op_id} className={styles.operation}>
            <p className={styles.tools}>
              {(ended.tools ?? []).map((tool) => (
                <span key={tool.name} title={`sha256 ${tool.sha256}`}>
                  <Untrusted text={`${tool.name} ${tool.version}`} mono />
                </span>
              ))}
              {(ended.tools ?? []).length === 0 && <span>no tool ran</span>}
            </p>
            <p className={styles.links}>
              {ended.reused_from != null && (
                <span
                  className={styles.reused}
                  title={`nothing changed since attempt ${ended.reused_from}`}
                >
                  <Word tone="quiet" size="s">
                    reused
                  </Word>
                  <Link to={to.gates(ended.reused_from)}>from {short(ended.reused_from)}</Link>
                  {ended.reused_result_of != null && (
                    <span>
                      , <Time at={ended.reused_result_of} />
                    </span>
                  )}
                </span>
              )}
              <Link to={to.gates(operation.op_id)}>Gates</Link>
              <Link to={to.timeline({ job: job.job_id })}>Timeline</Link>
            </p>
          </div>
        );
      })}
    </li>
  );
}
