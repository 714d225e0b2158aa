// What stands behind the screens, whoever it is: the window's host, or a recording of it.
import type { Commands } from '../bindings/commands';

export type { Commands };
export type CommandName = keyof Commands;

/** What a command is asked with; `undefined` where it is asked with nothing. */
export type Question<Name extends CommandName> =
  Parameters<Commands[Name]> extends [infer Asked, ...unknown[]]
    ? Asked extends (...heard: never[]) => unknown
      ? undefined
      : Asked
    : undefined;

export type Answer<Name extends CommandName> = Awaited<ReturnType<Commands[Name]>>;

/** The commands that answer once and send nothing besides. */
export type Asking = {
  [Name in CommandName]: Parameters<Commands[Name]> extends [
    ...unknown[],
    (...heard: never[]) => unknown,
  ]
    ? never
    : Name;
}[CommandName];

/** What a host says of an error; a code it does not know yet is a code all the same. */
interface Said {
  code: string;
  message: string;
  hint?: string;
  details?: unknown;
}

/** The one error a screen sees: the host's own. Screens switch on its code alone. */
export class Refusal extends Error {
  readonly code: string;
  readonly hint: string;
  readonly details: unknown;

  constructor(error: Said) {
    super(error.message);
    this.name = 'Refusal';
    this.code = error.code;
    this.hint = error.hint ?? '';
    this.details = error.details ?? null;
  }

  /** A refusal of whatever was thrown. */
  static of(thrown: unknown): Refusal {
    if (thrown instanceof Refusal) return thrown;
    if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
      return new Refusal(thrown as Said);
    }
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new Refusal({ code: 'MEX-INTERNAL', message, hint: 'report it with the message' });
  }
}
