// One change of status for many problems, with one reason, and ten seconds to take it back.
import { useState } from 'react';
import type { ProblemStatus } from '../bindings/types';
import { Refusal } from '../backend/backend';
import { useAgain, useBackend } from '../backend/use';
import { counted } from '../shared/format';
import { useAnnounce } from '../shared/Live';
import { useToast } from '../shared/Toasts';
import { TroubleDialog } from '../shared/TroubleView';
import { TriageDialog } from './TriageDialog';

/** The most that one change takes, as the host does. */
export const MOST = 500;

export function useTriage(done?: () => void) {
  const backend = useBackend();
  const toast = useToast();
  const again = useAgain();
  const announce = useAnnounce();
  const [asked, setAsked] = useState<{ ids: string[]; to: ProblemStatus } | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const changed = () => again(['problemCounts', 'problemFacets', 'problem', 'openState']);
  const failed = (thrown: unknown) => setRefusal(Refusal.of(thrown));
  const undo = (undo_token: string) => {
    backend.undoTriage({ undo_token }).then(({ problems }) => {
      changed();
      announce(`${counted(problems.length, 'problem')} as before`);
    }, failed);
  };
  const triage = (reason: string) => {
    if (asked === null) return;
    setBusy(true);
    backend.triage({ ...asked, reason }).then(
      ({ undo_token, undo_ms, problems }) => {
        setBusy(false);
        setAsked(null);
        changed();
        done?.();
        toast({
          text: `${counted(problems.length, 'problem')} ${asked.to}`,
          seconds: Math.round(undo_ms / 1_000),
          act: { word: 'Undo', run: () => undo(undo_token) },
        });
      },
      (thrown: unknown) => {
        setBusy(false);
        setAsked(null);
        failed(thrown);
      },
    );
  };
  const dialogs = (
    <>
      {asked !== null && (
        <TriageDialog
          count={asked.ids.length}
          to={asked.to}
          busy={busy}
          onTriage={triage}
          onClose={() => setAsked(null)}
        />
      )}
      {refusal !== null && <TroubleDialog refusal={refusal} onClose={() => setRefusal(null)} />}
    </>
  );
  const ask = (ids: readonly string[], to: ProblemStatus) => {
    if (ids.length > 0) setAsked({ ids: ids.slice(0, MOST), to });
  };
  return { ask, dialogs };
}
