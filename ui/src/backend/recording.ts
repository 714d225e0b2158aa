// The shape of a recording: what a command was asked, what it answered, what it sent besides.
import { Refusal } from './backend';

export interface Exchange {
  question: unknown;
  answer: unknown;
  /** What it sent besides, in order. */
  messages?: readonly unknown[];
  /** In place of an answer. */
  refusal?: { code: string; message: string; hint: string; details: unknown };
}

/** Everything one command was asked. */
export type Recorded = readonly Exchange[];

/** A value as text that is the same whatever the order of its fields; what is null is not there. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    const fields = Object.entries(part).filter(([, one]) => one !== null && one !== undefined);
    return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** What nobody asked while it was recorded. */
export function missing(name: string): Refusal {
  return new Refusal({
    code: 'MEX-NOT-FOUND',
    message: `nothing like this was recorded of \`${name}\``,
    hint: 'this is a recording: only what was recorded can be shown',
  });
}
