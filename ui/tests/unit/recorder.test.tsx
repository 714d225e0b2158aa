import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { count } from '../../src/shared/format';
import type { StoredEvent } from '../../src/bindings/types';
import { open, recorded } from './window';

const END = recorded<{ items: StoredEvent[] }>('events').items[0]?.seq ?? 0;

it('says how long the chain is while it is walked, and never that it holds before', async () => {
  let done: (report: unknown) => void = () => undefined;
  const walked = new Promise((resolve) => (done = resolve));
  const { user } = await open('/timeline', { answers: { verify_recorder: () => walked } });
  await user.click(await screen.findByRole('button', { name: /^Verify/ }));
  const dialog = await screen.findByRole('dialog', { name: 'Verify the chain' });
  await user.click(within(dialog).getByRole('button', { name: 'Verify' }));
  const timer = await within(dialog).findByRole('timer', { name: 'Walking the chain' });
  expect(
    (await within(dialog).findByText(new RegExp(`Walking ${count(END)} events`))).textContent,
  ).toBe(timer.textContent);
  expect(within(dialog).queryByText('The chain holds')).toBeNull();
  done(recorded('verify_recorder'));
  expect(await within(dialog).findByText('The chain holds')).toBeTruthy();
  expect(within(dialog).queryByRole('timer')).toBeNull();
});
