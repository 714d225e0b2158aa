// The whole window over the recordings, for tests that need no browser. What a test asks to be
// otherwise stands in `search`; every command that was called is kept, in order.
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { App } from '../../src/app/App';
import { Refusal } from '../../src/backend/backend';
import { memory } from '../../src/backend/memory';
import type { Recorded } from '../../src/backend/recording';
import { commands } from '../../src/bindings/commands';
import { go } from '../../src/shared/route';

const FILES: Record<string, Recorded> = import.meta.glob('../../recording/*.json', {
  eager: true,
  import: 'default',
});

/** What a command answered when it was recorded: tests hold no ids of a recording. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a recording is what its name says
export function recorded<Answer>(name: string): Answer {
  const found = FILES[`../../recording/${name}.json`]?.[0];
  if (found === undefined) throw new Error(`\`${name}\` was not recorded`);
  return found.answer as Answer;
}

export interface Call {
  name: string;
  question: Record<string, unknown>;
}

export type Answers = Readonly<Record<string, (question: Record<string, unknown>) => unknown>>;

// A grid shows the rows that fit: without a layout the test says how much fits.
Object.defineProperties(HTMLElement.prototype, {
  clientHeight: { configurable: true, get: () => 640 },
  clientWidth: { configurable: true, get: () => 960 },
});
// No layout, no dialogs of the platform: shown is shown.
HTMLDialogElement.prototype.showModal = function showModal() {
  this.setAttribute('open', '');
};
HTMLDialogElement.prototype.close = function close() {
  this.removeAttribute('open');
};

/** Opens the window at an address. `answers` go before what was recorded; what they throw is refused. */
export async function open(
  path: string,
  { search = '', answers = {} }: { search?: string; answers?: Answers } = {},
) {
  const calls: Call[] = [];
  const answering = memory(FILES, new URLSearchParams(search));
  const backend = commands(
    async <Given,>(name: string, argument: Record<string, unknown> = {}): Promise<Given> => {
      const question = (argument['question'] ?? {}) as Record<string, unknown>;
      calls.push({ name, question });
      const own = answers[name];
      return (own === undefined ? await answering(name, argument) : await own(question)) as Given;
    },
    (listener) => listener,
  );
  const user = userEvent.setup();
  // The address of the test before is still known.
  act(() => go(`${path}#`));
  act(() => go(path));
  const view = render(<App backend={backend} />);
  await screen.findByRole('main');
  return { ...view, user, calls, of: (name: string) => calls.filter((one) => one.name === name) };
}

export function refuse(code: string, message = 'it was refused'): () => never {
  return () => {
    throw new Refusal({ code, message, hint: 'do something about it' });
  };
}
