import { expect, it } from 'vitest';
import { argumentsOf, EDITORS, example, wrongWith } from './editors';

it.each(EDITORS)('$name opens a file at a line', ({ command }) => {
  expect(wrongWith(command)).toBeUndefined();
  expect(example(command)).toContain('web/src/settings.js');
  expect(example(command)).toContain('12');
});

it('takes one argument a line, spaces and all', () => {
  expect(argumentsOf('code\n--user-data-dir /my data\n\n{file}\n')).toEqual([
    'code',
    '--user-data-dir /my data',
    '{file}',
  ]);
});

it.each([
  [[], undefined],
  [['code'], 'One line has to hold {file}: which file is opened.'],
  [['{file}'], 'The first line is the program itself.'],
])('%j is wrong by %j', (command, wrong) => {
  expect(wrongWith(command)).toBe(wrong);
});
