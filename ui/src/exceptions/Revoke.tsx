import { useState } from 'react';
import type { ExceptionView } from '../bindings/more';
import { useTell } from '../backend/use';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { TextArea } from '../shared/Field';
import { useAnnounce } from '../shared/Live';
import { Said } from '../shared/Said';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { accepts } from './words';
import styles from './Exceptions.module.css';

export function Revoke({
  view,
  project,
  onClose,
}: {
  view: ExceptionView;
  project: string | null;
  onClose: (revoked: boolean) => void;
}) {
  const tell = useTell('revokeException', ['exceptions', 'proposals', 'events']);
  const announce = useAnnounce();
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const wrong = reason.trim() === '' ? 'Say why: it stands on record.' : undefined;
  const send = () => {
    setTried(true);
    if (wrong !== undefined) return;
    tell.mutate(
      { id: view.exception.id, project, reason: reason.trim() },
      {
        onSuccess: () => {
          announce(`Exception ${view.exception.id} revoked`);
          onClose(true);
        },
      },
    );
  };
  return (
    <Dialog
      title="Revoke an exception"
      onClose={() => onClose(false)}
      onSubmit={send}
      foot={
        <>
          <Button onClick={() => onClose(false)}>Keep it</Button>
          <Button look="danger" disabled={tell.isPending} onClick={send}>
            Revoke
          </Button>
        </>
      }
    >
      {tell.isError && <TroubleView refusal={tell.error} />}
      <p className={styles.asked}>
        <Said text={accepts(view.exception.matches)} capital />
      </p>
      <p>
        From the next scan on <Untrusted text={view.exception.id} mono /> lifts nothing. What it hid
        blocks again where the policy says so.
      </p>
      <TextArea
        label="Why"
        value={reason}
        wrong={tried ? wrong : undefined}
        onChange={(event) => setReason(event.target.value)}
      />
    </Dialog>
  );
}
