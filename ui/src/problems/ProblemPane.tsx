import type { ProblemStatus } from '../bindings/types';
import type { ProblemDetail } from '../bindings/desk';
import { useAsk } from '../backend/use';
import { Answer } from '../shared/Answer';
import { ArtifactList } from './ArtifactList';
import { Decisions } from './Decisions';
import { FindingView } from './FindingView';
import { Instances } from './Instances';
import { NextSteps } from './NextSteps';
import { PaneHead } from './PaneHead';
import { Part } from './Part';
import { Related } from './Related';
import { Slice } from './Slice';
import { Sentence } from '../shared/Sentence';
import styles from './ProblemPane.module.css';

/** One problem with its evidence, in the order an operator needs it (contract UI-2). */
export function ProblemPane({
  id,
  onStatus,
}: {
  id: string;
  onStatus: (to: ProblemStatus) => void;
}) {
  const detail = useAsk('problem', { id });
  return (
    <Answer of={detail} lines={12}>
      {(found) => <Evidence detail={found} onStatus={onStatus} />}
    </Answer>
  );
}

function Evidence({
  detail,
  onStatus,
}: {
  detail: ProblemDetail;
  onStatus: (to: ProblemStatus) => void;
}) {
  return (
    <div className={styles.pane}>
      <PaneHead detail={detail} onStatus={onStatus} />
      <Part title="What to do">
        <NextSteps detail={detail} />
      </Part>
      <Part title="Finding">
        <FindingView finding={detail.finding} />
        {detail.finding === null && (
          <p className={styles.message}>
            <Sentence
              text={detail.message ?? 'retention took its instances; only the problem is left'}
              capital={detail.message === null}
            />
          </p>
        )}
        {detail.finding_absent !== '' && (
          <p className={styles.absent}>
            <Sentence text={detail.finding_absent} capital />
          </p>
        )}
      </Part>
      <Related related={detail.related} />
      <Decisions decisions={detail.decisions} />
      <Part title="Timeline around it" note={`${detail.timeline.length} events`}>
        <Slice events={detail.timeline} jobId={detail.related.job?.job_id ?? null} />
      </Part>
      <Part title="Artifacts" note="what backs it">
        <ArtifactList artifacts={detail.artifacts} />
      </Part>
      <Part title="Instances" note={`${detail.row.problem.count} on record`}>
        <Instances instances={detail.instances.items} purged={detail.row.problem.purged} />
      </Part>
    </div>
  );
}
