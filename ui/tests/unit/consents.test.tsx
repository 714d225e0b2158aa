import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { open, refuse } from './window';

it('grants with scope, hours and reason, by keyboard alone', async () => {
  const { user, of } = await open('/consents');
  await screen.findByText('advisory databases for the release');
  await user.keyboard('n');
  const dialog = await screen.findByRole('dialog', { name: 'Grant a consent' });
  const hours = within(dialog).getByLabelText('Hours');
  await user.clear(hours);
  await user.type(hours, '8');
  await user.tab();
  await user.keyboard('for the release of today');
  await user.tab();
  await user.tab();
  await user.keyboard('{Enter}');
  expect(await screen.findByText('for the release of today')).toBeTruthy();
  expect(of('grant_consent').map((call) => call.question)).toEqual([
    { capability: 'net.http', profile: null, hours: 8, reason: 'for the release of today' },
  ]);
});

it('asks for a reason before anything is sent', async () => {
  const { user, of } = await open('/consents');
  await user.click(await screen.findByRole('button', { name: /Grant a consent/ }));
  await user.click(screen.getByRole('button', { name: 'Grant' }));
  expect(await screen.findByText('Say why: it stands on record.')).toBeTruthy();
  expect(of('grant_consent')).toEqual([]);
});

it('revokes exactly the one that was chosen', async () => {
  const { user, of, calls } = await open('/consents');
  await user.click(await screen.findByRole('button', { name: 'Revoke' }));
  const dialog = await screen.findByRole('dialog');
  await user.type(within(dialog).getByLabelText('Why'), 'done');
  await user.click(within(dialog).getByRole('button', { name: 'Revoke' }));
  expect(await screen.findByText(/none: nothing may reach the network/)).toBeTruthy();
  expect(of('revoke_consent')).toHaveLength(1);
  expect(calls.some((call) => call.name === 'grant_consent')).toBe(false);
});

it('never says that there is none where it could not be read', async () => {
  await open('/consents', { answers: { consents: refuse('HSK-500-DB') } });
  expect((await screen.findAllByText('The Flight Recorder cannot be used')).length).toBeGreaterThan(
    0,
  );
  expect(screen.queryByText('Nobody has consented to anything')).toBeNull();
});

it('says what it means that there is none', async () => {
  await open('/consents', { search: 'first' });
  expect(await screen.findByText('Nobody has consented to anything')).toBeTruthy();
});
