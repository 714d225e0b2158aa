import { type ReactNode, useState } from 'react';
import { Refusal } from '../backend/backend';
import { useBackend } from '../backend/use';
import { useAction } from '../shared/actions';
import { useToast } from '../shared/Toasts';
import { TroubleDialog } from '../shared/TroubleView';
import { visible } from '../shared/untrusted';

/** Opens a problem's file in the person's editor. Only the id goes to the host; the path is its own to find. */
export function useOpenFile(
  id: string,
  file: string | null,
): { open: (() => void) | undefined; dialog: ReactNode } {
  const backend = useBackend();
  const toast = useToast();
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const open = () => {
    backend.openInEditor({ id }).then(
      () => toast({ text: `${visible(file ?? '')} is open in your editor`, seconds: 4 }),
      (thrown: unknown) => setRefusal(Refusal.of(thrown)),
    );
  };
  useAction(
    file === null
      ? undefined
      : { title: 'Open in editor', group: 'Problems', keys: 'e', run: open },
  );
  return {
    open: file === null ? undefined : open,
    dialog: refusal !== null && (
      <TroubleDialog refusal={refusal} onClose={() => setRefusal(null)} />
    ),
  };
}
