// Editors that people have, as the arguments they take. No shell reads any of it.

export interface Editor {
  name: string;
  command: readonly string[];
}

export const EDITORS: readonly Editor[] = [
  { name: 'VS Code', command: ['code', '--goto', '{file}:{line}:{column}'] },
  { name: 'VSCodium', command: ['codium', '--goto', '{file}:{line}:{column}'] },
  { name: 'Zed', command: ['zed', '{file}:{line}:{column}'] },
  { name: 'Sublime Text', command: ['subl', '{file}:{line}:{column}'] },
  {
    name: 'IntelliJ IDEA',
    command: ['idea', '--line', '{line}', '--column', '{column}', '{file}'],
  },
  { name: 'Emacs', command: ['emacsclient', '--no-wait', '+{line}:{column}', '{file}'] },
  { name: 'gedit', command: ['gedit', '+{line}:{column}', '{file}'] },
];

/** One argument a line; an empty line is none. */
export function argumentsOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** What is wrong with a command, as one sentence. */
export function wrongWith(command: readonly string[]): string | undefined {
  if (command.length === 0) return undefined;
  if ((command[0] ?? '').includes('{')) return 'The first line is the program itself.';
  if (!command.some((part) => part.includes('{file}')))
    return 'One line has to hold {file}: which file is opened.';
  return undefined;
}

/** What would be started for a file, for people to read. */
export function example(command: readonly string[]): string {
  return command
    .map((part) =>
      part
        .replaceAll('{file}', 'web/src/settings.js')
        .replaceAll('{line}', '12')
        .replaceAll('{column}', '5'),
    )
    .map((part) => (/\s/.test(part) ? `"${part}"` : part))
    .join(' ');
}
