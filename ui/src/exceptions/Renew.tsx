import type { ExceptionView } from '../bindings/more';
import { useBackend } from '../backend/use';
import { Said } from '../shared/Said';
import { Acceptance, untilOf, useAcceptance } from './Acceptance';
import { DraftDialog } from './DraftDialog';
import { accepts } from './words';
import styles from './Exceptions.module.css';

/** The same exception with a later end, and its impact shown anew. */
export function Renew({
  view,
  project,
  onClose,
}: {
  view: ExceptionView;
  project: string | null;
  onClose: () => void;
}) {
  const backend = useBackend();
  const acceptance = useAcceptance(view.exception.owner);
  return (
    <DraftDialog
      title="Renew an exception"
      onClose={onClose}
      draft={() => {
        acceptance.setTried(true);
        const until = untilOf(acceptance.form.until);
        const reason = acceptance.form.reason.trim();
        const approver = acceptance.form.approver.trim();
        return until === null
          ? null
          : backend.draftRenewal({
              id: view.exception.id,
              project,
              until,
              reason: reason === '' ? null : reason,
              approver: approver === '' ? null : approver,
            });
      }}
    >
      <p className={styles.asked}>
        <Said text={accepts(view.exception.matches)} capital />
      </p>
      <Acceptance of={acceptance} only="end" />
    </DraftDialog>
  );
}
