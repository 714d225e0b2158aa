// Every change of an exception in two steps: what and why, then what it would hide. Only the draft
// that was shown is saved (promise P30); one that is shown and left is declined, and that is recorded.
import { type ReactNode, useState } from 'react';
import type { DraftView } from '../bindings/more';
import { Refusal } from '../backend/backend';
import { useAgain, useBackend } from '../backend/use';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { counted } from '../shared/format';
import { useAnnounce } from '../shared/Live';
import { Skeleton } from '../shared/Skeleton';
import { useToast } from '../shared/Toasts';
import { TroubleView } from '../shared/TroubleView';
import { ImpactView } from './ImpactView';

export function DraftDialog({
  title,
  children,
  draft: ask,
  onClose,
}: {
  title: string;
  /** The form of the first step. */
  children: ReactNode;
  /** Asks for a draft; null where the form is not filled in. */
  draft: () => Promise<DraftView> | null;
  onClose: () => void;
}) {
  const backend = useBackend();
  const again = useAgain();
  const announce = useAnnounce();
  const toast = useToast();
  const [shown, setShown] = useState<DraftView | null>(null);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const doing = async (work: () => Promise<void>) => {
    setBusy(true);
    setRefusal(null);
    try {
      await work();
    } catch (thrown) {
      setRefusal(Refusal.of(thrown));
    } finally {
      setBusy(false);
    }
  };
  const next = () => {
    const asked = ask();
    if (asked !== null) void doing(async () => setShown(await asked));
  };
  const save = () => {
    if (shown === null) return;
    void doing(async () => {
      const saved = await backend.saveDraft({ draft_id: shown.draft_id });
      again(['exceptions', 'proposals', 'events']);
      const words = `${counted(saved.exceptions.length, 'exception')} in force from the next scan on`;
      announce(words);
      toast({ text: words, seconds: 6 });
      onClose();
    });
  };
  const leave = () => {
    if (shown !== null) {
      backend.declineDraft({ draft_id: shown.draft_id }).catch(() => undefined);
      again(['events']);
    }
    onClose();
  };
  const back = () => {
    if (shown !== null) backend.declineDraft({ draft_id: shown.draft_id }).catch(() => undefined);
    setShown(null);
    setRefusal(null);
  };
  return (
    <Dialog
      key={shown?.draft_id ?? 'form'}
      title={shown === null ? title : `${title}: what it would hide`}
      onClose={leave}
      onSubmit={shown === null ? next : save}
      foot={
        shown === null ? (
          <>
            <Button onClick={leave}>Cancel</Button>
            <Button look="primary" disabled={busy} onClick={next}>
              Show what it would hide
            </Button>
          </>
        ) : (
          <>
            <Button onClick={back} disabled={busy}>
              Back
            </Button>
            <Button onClick={leave} disabled={busy}>
              Do not accept
            </Button>
            <Button look="primary" disabled={busy} onClick={save}>
              Accept and save
            </Button>
          </>
        )
      }
    >
      {refusal !== null && <TroubleView refusal={refusal} />}
      {shown === null ? (
        <>
          {children}
          {busy && <Skeleton lines={2} label="Judging scans again" />}
        </>
      ) : (
        <ImpactView draft={shown} />
      )}
    </Dialog>
  );
}
