import { useState } from 'react';
import type { Proposal } from '../bindings/more';
import { useAsk, useBackend } from '../backend/use';
import { Select } from '../shared/Field';
import { Said } from '../shared/Said';
import { Skeleton } from '../shared/Skeleton';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import { Acceptance, useAcceptance } from './Acceptance';
import { DraftDialog } from './DraftDialog';
import styles from './Exceptions.module.css';

const MOST = 200;

/** Accepts one Problem for a time. */
export function AddProblem({
  problem: given,
  owner,
  onClose,
}: {
  problem: string | undefined;
  owner: string;
  onClose: () => void;
}) {
  const backend = useBackend();
  const problems = useAsk('problems', { query: 'is:open', limit: MOST });
  const acceptance = useAcceptance(owner);
  const [chosen, setChosen] = useState(given ?? '');
  const items = problems.data?.items ?? [];
  const id = chosen === '' ? items[0]?.problem.fingerprint : chosen;
  return (
    <DraftDialog
      title="Accept a problem for a time"
      onClose={onClose}
      draft={() => {
        acceptance.setTried(true);
        return acceptance.request === null || id === undefined
          ? null
          : backend.draftException({
              subject: { of: 'problem', id, run: null },
              id: null,
              acceptance: acceptance.request,
            });
      }}
    >
      {problems.isError ? (
        <TroubleView refusal={problems.error} again={() => void problems.refetch()} />
      ) : problems.data === undefined ? (
        <Skeleton lines={2} />
      ) : (
        <Select
          label="Problem"
          value={id ?? ''}
          hint={
            problems.data.next === null
              ? 'It is accepted by its content: a moved line stays accepted, another version does not.'
              : `The gravest ${MOST} are listed; any other is accepted from its own page.`
          }
          onChange={(event) => setChosen(event.target.value)}
        >
          {id !== undefined && !items.some((one) => one.problem.fingerprint === id) && (
            <option value={id}>{visible(id.slice(0, 12))}</option>
          )}
          {items.map(({ problem }) => (
            <option key={problem.fingerprint} value={problem.fingerprint}>
              {problem.severity}: {visible(problem.title).slice(0, 120)}
            </option>
          ))}
        </Select>
      )}
      <Acceptance of={acceptance} />
    </DraftDialog>
  );
}

/** Accepts what the project itself asks for. */
export function AddProposal({
  proposal,
  run,
  owner,
  onClose,
}: {
  proposal: Proposal;
  run: string;
  owner: string;
  onClose: () => void;
}) {
  const backend = useBackend();
  const acceptance = useAcceptance(owner);
  return (
    <DraftDialog
      title="Accept what the project asks for"
      onClose={onClose}
      draft={() => {
        acceptance.setTried(true);
        return acceptance.request === null
          ? null
          : backend.draftException({
              subject: { of: 'proposal', number: proposal.number, run },
              id: null,
              acceptance: acceptance.request,
            });
      }}
    >
      <p className={styles.asked}>
        <Untrusted text={proposal.path} mono /> asks <Untrusted text={proposal.tool} />:{' '}
        <Said text={proposal.ask} />
      </p>
      <Acceptance of={acceptance} />
    </DraftDialog>
  );
}
