import { useState } from 'react';
import type { ProblemStatus } from '../bindings/types';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { TextArea } from '../shared/Field';
import { counted } from '../shared/format';

const VERBS: Record<ProblemStatus, string> = {
  open: 'Reopen',
  acknowledged: 'Acknowledge',
  muted: 'Mute',
  resolved: 'Resolve',
};

const MEANS: Record<ProblemStatus, string> = {
  open: 'It stands in the default list again.',
  acknowledged: 'Somebody knows. It stays in the list and counts as before.',
  muted: 'It leaves the default list. The verdict counts it as before: only an exception lifts it.',
  resolved: 'It is said to be gone. Where a scan sees it again, it re-opens and says so.',
};

/** One reason for all that are chosen; a change without a reason is not made. */
export function TriageDialog({
  count,
  to,
  busy,
  onTriage,
  onClose,
}: {
  count: number;
  to: ProblemStatus;
  busy: boolean;
  onTriage: (reason: string) => void;
  onClose: () => void;
}) {
  const [reason, setReason] = useState('');
  const ready = reason.trim() !== '' && !busy;
  const submit = () => {
    if (ready) onTriage(reason.trim());
  };
  return (
    <Dialog
      title={`${VERBS[to]} ${counted(count, 'problem')}`}
      onClose={onClose}
      onSubmit={submit}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" keys="$mod+Enter" disabled={!ready} onClick={submit}>
            {VERBS[to]}
          </Button>
        </>
      }
    >
      <p>{MEANS[to]}</p>
      <TextArea
        label="Reason"
        hint="Recorded with your name; the same for all of them."
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
        }}
      />
    </Dialog>
  );
}
