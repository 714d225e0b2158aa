import { IconButton } from './Button';
import { useToast } from './Toasts';

/** Puts a text on the clipboard and says so. */
export function useCopy(): (text: string, what: string) => void {
  const toast = useToast();
  return (text, what) => {
    navigator.clipboard.writeText(text).then(
      () => toast({ text: `${what} copied`, seconds: 3 }),
      () => toast({ text: `${what} could not be copied: the clipboard refused`, seconds: 6 }),
    );
  };
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const copy = useCopy();
  return <IconButton icon="copy" label={`Copy ${what}`} onClick={() => copy(text, what)} />;
}
