import { useState } from 'react';
import type { ConsentEntry } from '../bindings/more';
import { useTell } from '../backend/use';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { TextArea } from '../shared/Field';
import { useAnnounce } from '../shared/Live';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';

export function Revoke({ consent, onClose }: { consent: ConsentEntry; onClose: () => void }) {
  const tell = useTell('revokeConsent', ['consents']);
  const announce = useAnnounce();
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const wrong = reason.trim() === '' ? 'Say why: it stands on record.' : undefined;
  const send = () => {
    setTried(true);
    if (wrong !== undefined) return;
    tell.mutate(
      { id: consent.consent_id, reason: reason.trim() },
      {
        onSuccess: () => {
          announce(`Consent to ${consent.capability_id} revoked`);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      title="Revoke this consent"
      onClose={onClose}
      onSubmit={send}
      foot={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" disabled={tell.isPending} onClick={send}>
            Revoke
          </Button>
        </>
      }
    >
      {tell.isError && <TroubleView refusal={tell.error} />}
      <p>
        From now on nothing may use <Untrusted text={consent.capability_id} mono /> by this consent.
        It stays on record.
      </p>
      <TextArea
        label="Why"
        value={reason}
        autoFocus
        wrong={tried ? wrong : undefined}
        onChange={(event) => setReason(event.target.value)}
      />
    </Dialog>
  );
}
