import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { open } from './window';

const asks = () => screen.findByRole('dialog', { name: 'A scan is still running' });

it('asks before a running scan is cancelled, and stays where nobody says so', async () => {
  const { user, of } = await open('/home', { search: 'leave=01a20000-0000-7000' });
  const dialog = await asks();
  expect(dialog.textContent).toContain('Quitting cancels 1 scan');
  expect(dialog.textContent).toContain('there will be no verdict');
  await user.click(within(dialog).getByRole('button', { name: 'Keep scanning' }));
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(of('quit')).toEqual([]);
});

it('quits only when somebody says so', async () => {
  const { user, of } = await open('/home', { search: 'leave=01a20000-0000-7000' });
  await user.click(within(await asks()).getByRole('button', { name: 'Cancel it and quit' }));
  expect(of('quit')).toHaveLength(1);
});

it('asks nothing while nothing runs', async () => {
  await open('/home');
  expect(screen.queryByRole('dialog')).toBeNull();
});
