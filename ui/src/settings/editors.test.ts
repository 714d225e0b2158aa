import { expect, it } from 'vitest';
import { EDITORS, example } from './editors';

it('offers each editor once', () => {
  expect(new Set(EDITORS.map(([choice]) => choice)).size).toBe(EDITORS.length);
  expect(new Set(EDITORS.map(([, name]) => name)).size).toBe(EDITORS.length);
});

it('shows what would be started, spaces and all', () => {
  expect(example(['my edit', '+{line}', '{file}'])).toBe('"my edit" +12 web/src/settings.js');
});
