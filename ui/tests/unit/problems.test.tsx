import { act, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { go } from '../../src/shared/route';
import { open } from './window';

afterEach(() => vi.restoreAllMocks());

/** The list with its rows in it, and the keys on it. */
async function list() {
  const grid = await screen.findByRole('grid', { name: 'Problems' });
  await waitFor(() => expect(Number(grid.getAttribute('aria-rowcount'))).toBeGreaterThan(3));
  grid.focus();
}

it.each([
  ['text', 'Copy as text', /^[a-z]+: /],
  ['markdown', 'Copy as Markdown', /^\| /],
  ['json', 'Copy as JSON', /^\[\s*\{/],
  ['link', 'Copy as link', /^mex:\/\/problem\/[0-9a-f]{64}$/],
])('copies the chosen problems as %s', async (form, title, looks) => {
  const { user, of } = await open('/problems');
  const written = vi.spyOn(navigator.clipboard, 'writeText');
  await list();
  await user.keyboard(' {ArrowDown} ');
  const bar = await screen.findByRole('toolbar', { name: 'Chosen problems' });
  await user.click(within(bar).getByRole('button', { name: 'Copy' }));
  await user.click(await screen.findByRole('menuitem', { name: title }));
  expect(await screen.findByText('2 problems copied')).toBeTruthy();
  const asked = of('problem_text')[0]?.question as { ids: string[]; as: string };
  expect(asked.as).toBe(form);
  expect(asked.ids).toHaveLength(2);
  const text = written.mock.calls[0]?.[0] ?? '';
  for (const line of form === 'json' ? [text] : text.split('\n')) expect(line).toMatch(looks);
});

it('stands as it was when somebody comes back to it: the row, and what is open', async () => {
  const { user } = await open('/problems');
  await list();
  await user.keyboard('{ArrowDown}{ArrowDown}{Enter}');
  const drawer = await screen.findByRole('complementary', { name: /^Problem 3 of/ });
  expect(drawer).toBeTruthy();
  act(() => go('/gates'));
  await screen.findByRole('heading', { name: 'Gates' });
  act(() => go('/problems'));
  expect(await screen.findByRole('complementary', { name: /^Problem 3 of/ })).toBeTruthy();
});
