import type { ProblemTextForm } from '../bindings/desk';
import { useBackend } from '../backend/use';
import { useCopy } from '../shared/Copy';
import { counted } from '../shared/format';
import { useToast } from '../shared/Toasts';

export const FORMS: readonly (readonly [ProblemTextForm, string])[] = [
  ['text', 'Copy as text'],
  ['markdown', 'Copy as Markdown'],
  ['json', 'Copy as JSON'],
  ['link', 'Copy as link'],
];

/** Problems to the clipboard, in one of four forms. */
export function useCopyAs(): (ids: readonly string[], form: ProblemTextForm) => void {
  const backend = useBackend();
  const copy = useCopy();
  const toast = useToast();
  return (ids, form) => {
    backend.problemText({ ids: ids.slice(0, 500), as: form }).then(
      ({ text }) => copy(text, counted(Math.min(ids.length, 500), 'problem')),
      () => toast({ text: 'The problems could not be copied', seconds: 6 }),
    );
  };
}
