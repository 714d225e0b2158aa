import { IconButton } from '../shared/Button';
import { to } from '../shared/paths';
import { go } from '../shared/route';

/** On to the next, back to the previous, or a place of its own. */
export function DrawerHead({
  id,
  onPrevious,
  onNext,
}: {
  id: string;
  onPrevious: (() => void) | undefined;
  onNext: (() => void) | undefined;
}) {
  return (
    <>
      <IconButton
        icon="back"
        label="Previous problem"
        keys="Shift+F8"
        disabled={onPrevious === undefined}
        onClick={onPrevious}
      />
      <IconButton
        icon="forward"
        label="Next problem"
        keys="F8"
        disabled={onNext === undefined}
        onClick={onNext}
      />
      <IconButton
        icon="open"
        label="Open in a place of its own"
        onClick={() => go(to.problem(id))}
      />
    </>
  );
}
