// The backend of a browser: answers from recordings of the real host. What asks for more than was
// recorded (a filter, a triage) is answered from the recorded rows. Owns the choice of recording and
// the troubles a test asks for in the address; ships in no window.
import { commands } from '../bindings/commands';
import { Refusal } from './backend';
import { memory } from './memory';
import type { Recorded } from './recording';

const FILES: Record<string, Recorded> = import.meta.glob('../../recording/*.json', {
  eager: true,
  import: 'default',
});

const wanted = new URLSearchParams(location.search);
// `?refuse=open_state:HSK-500-DB,scan:MEX-STORE-CORRUPT`: these commands refuse with these codes.
const refused = new Map(
  (wanted.get('refuse') ?? '')
    .split(',')
    .filter(Boolean)
    .map((one) => one.split(':') as [string, string]),
);
const answers = memory(FILES, wanted);

export const backend = commands(
  async <Given>(name: string, argument: Record<string, unknown> = {}): Promise<Given> => {
    const code = refused.get(name);
    if (code !== undefined) throw refusal(code);
    return answers(name, argument) as Promise<Given>;
  },
  (listener) => listener,
);

function refusal(code: string): Refusal {
  const known = FILES['../../recording/codes.json']?.find((one) => one.question === code);
  const { meaning, hint } = (known?.answer ?? {}) as { meaning?: string; hint?: string };
  return new Refusal({ code, message: meaning ?? 'it was refused', hint: hint ?? '' });
}
