import type { RelatedWork } from '../bindings/desk';
import type { LinkConfidence } from '../bindings/types';
import { day, short } from '../shared/format';
import { wholeWord } from '../shared/gateWords';
import { Id } from '../shared/Id';
import { jobTitle } from '../shared/jobs';
import { KeyValues } from '../shared/KeyValues';
import { Link } from '../shared/Link';
import { OutcomeWord } from '../shared/OutcomeWord';
import { to } from '../shared/paths';
import { Untrusted } from '../shared/Untrusted';
import { StatusWord, Word } from '../shared/Word';
import { Part } from './Part';
import styles from './Related.module.css';

const SURE: Record<LinkConfidence, string> = {
  direct: 'direct: it names this job',
  inferred: 'inferred: the only candidate, named nowhere',
  ambiguous: 'ambiguous: more than one candidate, none is shown as the one',
  unlinked: 'unlinked: no job or event is known',
};

/** The job it comes from, as sure as that is, and the attempts it rests on. */
export function Related({ related }: { related: RelatedWork }) {
  const { job } = related;
  const single = related.link_confidence === 'direct' || related.link_confidence === 'inferred';
  return (
    <Part title="Related job">
      <KeyValues
        rows={[
          ['Link', SURE[related.link_confidence]],
          [
            'Job',
            job === null || !single ? null : (
              <span key="job" className={styles.job}>
                <Link to={to.job(job.job_id)}>
                  {jobTitle(job.job ?? job.job_kind)} {short(job.job_id)}
                </Link>
                {job.state === 'ended' ? (
                  <StatusWord status={job.status} />
                ) : (
                  <Word tone="quiet" size="s">
                    {job.state}
                  </Word>
                )}
              </span>
            ),
          ],
          [
            'Said',
            job === null || job.summary === '' ? null : <Untrusted key="s" text={job.summary} />,
          ],
          [
            'Candidates',
            related.candidate_jobs.length === 0 ? null : (
              <span key="candidates" className={styles.job}>
                {related.candidate_jobs.map((id) => (
                  <Id key={id} id={id} what="job" to={to.job(id)} />
                ))}
              </span>
            ),
          ],
        ]}
      />
      {related.operations.map(({ operation, tools, databases, sandbox, gates }) => (
        <div key={operation.op_id} className={styles.operation}>
          <p className={styles.head}>
            <Link to={to.gates(operation.op_id)}>
              {operation.operation} {short(operation.op_id)}
            </Link>
            <OutcomeWord word={wholeWord(gates)} />
          </p>
          <p className={styles.rests}>
            {tools.map((tool) => (
              <Untrusted key={tool.name} text={`${tool.name} ${tool.version}`} mono />
            ))}
            {databases.map((one) => (
              <span key={`${one.ecosystem} ${one.form}`}>
                {one.ecosystem} ({one.form}) of {day(one.date)}
              </span>
            ))}
            <span>
              {sandbox === null
                ? 'no tool ran'
                : sandbox === 'namespaced'
                  ? 'sandboxed'
                  : 'unsandboxed'}
            </span>
          </p>
        </div>
      ))}
    </Part>
  );
}
