// Holds the types written by hand to the generated ones while some commands are not generated yet: where
// both know a command, what the host answers must be what the screens read. Types alone.
import type { Commands as Written } from './commands';
import type { Commands as Generated } from './generated/commands';

type Both = keyof Written & keyof Generated;

type Asks<Command> = Command extends (...asked: infer Asked) => unknown ? Asked : never;
type Answers<Command> = Command extends (...asked: never[]) => Promise<infer Answer> ? Answer : never;

/** Every command whose generated answer is not what is read, or whose question is not what is asked. */
type Drift = {
  [Name in Both]: Answers<Generated[Name]> extends Answers<Written[Name]>
    ? Asks<Written[Name]> extends Asks<Generated[Name]>
      ? never
      : [Name, 'question']
    : [Name, 'answer'];
}[Both];

export const NO_DRIFT: [Drift] extends [never] ? true : Drift = true;
