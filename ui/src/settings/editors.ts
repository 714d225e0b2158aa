// Editors the host knows how to start at a line, by the word it knows each by. No shell reads any of it.
import type { EditorChoice } from '../bindings/desk';

export const EDITORS: readonly (readonly [EditorChoice, string])[] = [
  ['none', 'none'],
  ['code', 'VS Code'],
  ['codium', 'VSCodium'],
  ['zed', 'Zed'],
  ['sublime', 'Sublime Text'],
  ['idea', 'IntelliJ IDEA'],
  ['kate', 'Kate'],
  ['gnome_text_editor', 'GNOME Text Editor'],
  ['gvim', 'GVim'],
  ['emacs', 'Emacs'],
  ['own', 'the program of my own'],
];

/** What would be started for a file, for people to read. */
export function example(command: readonly string[]): string {
  return command
    .map((part) => part.replaceAll('{file}', 'web/src/settings.js').replaceAll('{line}', '12'))
    .map((part) => (/\s/.test(part) ? `"${part}"` : part))
    .join(' ');
}
