import { screen, waitFor, within } from '@testing-library/react';
import type userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { open, refuse } from './window';

type User = ReturnType<typeof userEvent.setup>;

/** The dialog that approves, with every right ticked. */
async function approving(user: User) {
  for (const tick of await screen.findAllByRole('checkbox')) await user.click(tick);
  await user.click(screen.getByRole('button', { name: /^Approve 2/ }));
  return screen.findByRole('dialog', { name: /^Approve 2/ });
}
const send = (dialog: HTMLElement) => within(dialog).getByRole('button', { name: 'Approve' });
const chooseFrom = (dialog: HTMLElement, label: string) =>
  within(within(dialog).getByRole('group', { name: label })).getByRole('button', {
    name: 'Choose…',
  });

it('takes in a signature made elsewhere: the key never comes near the page', async () => {
  const { user, of } = await open('/registry/draft');
  const dialog = await approving(user);
  await user.type(within(dialog).getByLabelText('Comment'), 'read');
  await user.click(within(dialog).getByLabelText('Review with an SSH signature'));
  await user.type(within(dialog).getByLabelText('Who signs'), 'reviewer@example.org');
  await user.click(within(dialog).getByRole('button', { name: /Save what is to be signed/ }));
  expect((await within(dialog).findByText(/ssh-keygen -Y sign/)).textContent).toContain('-f KEY');
  await user.click(chooseFrom(dialog, 'Allowed signers'));
  await user.click(chooseFrom(dialog, 'Signature'));
  await user.click(send(dialog));
  await waitFor(() => expect(of('review_registry')).toHaveLength(1));
  const decided = of('review_registry')[0]?.question;
  expect(decided).toMatchObject({
    decision: 'approve',
    comment: 'read',
    policy: null,
    signed: {
      reviewer: 'reviewer@example.org',
      signature: '/srv/review/signature',
      signers: '/srv/review/signers',
    },
  });
  // What was signed is what is sent, the signature apart.
  expect(of('save_review_payload')[0]?.question).toEqual({
    review: { ...decided, signed: null },
    reviewer: 'reviewer@example.org',
  });
  expect(of('choose_file').map((call) => call.question['purpose'])).toEqual([
    'signers',
    'signature',
  ]);
  expect(await screen.findByText(/reviewer@example.org/)).toBeTruthy();
});

it('says plainly where no signer and no signature is known, and sends nothing', async () => {
  const { user, of } = await open('/registry/draft');
  const dialog = await approving(user);
  await user.click(within(dialog).getByLabelText('Review with an SSH signature'));
  await user.click(send(dialog));
  expect(await within(dialog).findByText(/Name who signs/)).toBeTruthy();
  await user.type(within(dialog).getByLabelText('Who signs'), 'reviewer');
  expect(await within(dialog).findByText(/No allowed-signers file is known/)).toBeTruthy();
  await user.click(chooseFrom(dialog, 'Allowed signers'));
  expect(await within(dialog).findByText('No signature was chosen.')).toBeTruthy();
  expect(of('review_registry')).toEqual([]);
});

it('asks for another signature where the words changed after it', async () => {
  const { user, of } = await open('/registry/draft');
  const dialog = await approving(user);
  await user.click(within(dialog).getByLabelText('Review with an SSH signature'));
  await user.type(within(dialog).getByLabelText('Who signs'), 'reviewer');
  await user.click(chooseFrom(dialog, 'Allowed signers'));
  await user.click(chooseFrom(dialog, 'Signature'));
  await user.type(within(dialog).getByLabelText('Comment'), 'one more word');
  await user.click(send(dialog));
  expect(await within(dialog).findByText('No signature was chosen.')).toBeTruthy();
  expect(of('review_registry')).toEqual([]);
});

it('decides under the policy that was chosen, and shows what it refuses', async () => {
  const { user, of } = await open('/registry/draft', {
    answers: {
      review_registry: refuse('MEX-REGISTRY-REVIEW', 'the policy asks for a signed review'),
    },
  });
  const dialog = await approving(user);
  await user.click(chooseFrom(dialog, 'Policy'));
  await user.click(send(dialog));
  expect(await within(dialog).findByText(/asks for a signed review/)).toBeTruthy();
  expect(of('review_registry')[0]?.question).toMatchObject({
    policy: '/srv/review/policy',
    signed: null,
  });
});
