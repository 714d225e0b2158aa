// The reviewer's loop (REG-5) and what it promises: an approval is of what was shown (P30).
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { RegistryDraftView } from '../../src/bindings/more';
import { open, recorded, refuse } from './window';

const draft = recorded<RegistryDraftView>('registry_draft');
const rights = draft.diff.added_rights.map((right) => right.right_id);
const approve = () => screen.getByRole<HTMLButtonElement>('button', { name: /^Approve 2\.0\.0/ });
const ticks = () => screen.findAllByRole<HTMLInputElement>('checkbox');
const withDraft = (changes: Partial<RegistryDraftView>) => ({
  answers: { registry_draft: () => ({ ...draft, ...changes }) },
});

it('shows every added right with a tick of its own, and none is ticked', async () => {
  await open('/registry/draft');
  const all = await ticks();
  expect(all).toHaveLength(rights.length);
  expect(all.every((tick) => !tick.checked)).toBe(true);
  expect(approve().disabled).toBe(true);
});

it('approves only once each right is ticked, and sends the digest that is rendered', async () => {
  const { user, of } = await open('/registry/draft');
  const all = await ticks();
  for (const tick of all.slice(1)) await user.click(tick);
  expect(approve().disabled).toBe(true);
  expect(
    screen.getByText(new RegExp(`1 added right of ${rights.length} not ticked yet`)),
  ).toBeTruthy();
  await user.click(all[0] as HTMLElement);
  expect(approve().disabled).toBe(false);
  await user.click(approve());
  const dialog = await screen.findByRole('dialog', { name: 'Approve 2.0.0' });
  expect(within(dialog).getByText(draft.diff_sha256)).toBeTruthy();
  await user.type(within(dialog).getByLabelText('Comment'), 'read it all');
  await user.click(within(dialog).getByRole('button', { name: 'Approve' }));
  await screen.findByText(/It is in force once it is published/);
  expect(of('review_registry').map((call) => call.question)).toEqual([
    {
      diff_sha256: draft.diff_sha256,
      decision: 'approve',
      comment: 'read it all',
      ticked: rights,
      policy: null,
      signed: null,
    },
  ]);
});

it('goes dead when the draft changes, also under an open question', async () => {
  let now: RegistryDraftView = draft;
  let seq = 1;
  const { user, of } = await open('/registry/draft', {
    answers: {
      registry_draft: () => now,
      tail: () => ({ events: [], through_seq: seq, more: false }),
    },
  });
  for (const tick of await ticks()) await user.click(tick);
  await user.click(approve());
  const dialog = await screen.findByRole('dialog', { name: 'Approve 2.0.0' });
  now = { ...draft, diff_sha256: 'f'.repeat(64), drafted_by: 'second' };
  seq = 2;
  expect(
    await screen.findByText('This is no longer the draft', {}, { timeout: 8_000 }),
  ).toBeTruthy();
  const send = within(dialog).getByRole<HTMLButtonElement>('button', { name: 'Approve' });
  expect(send.disabled).toBe(true);
  // What was read is still what is shown: nothing changes under the reader.
  expect(screen.queryByText('second')).toBeNull();
  await user.keyboard('{Control>}{Enter}{/Control}');
  await user.click(within(dialog).getByRole('button', { name: 'Cancel' }));
  expect(approve().disabled).toBe(true);
  expect((await ticks()).every((tick) => tick.disabled)).toBe(true);
  expect(of('review_registry')).toEqual([]);
  await user.click(screen.getByRole('button', { name: 'Read the draft anew' }));
  expect(await screen.findByText('second')).toBeTruthy();
  const anew = await ticks();
  expect(anew.every((tick) => !tick.checked && !tick.disabled)).toBe(true);
}, 20_000);

it('asks for the draft again only when something was recorded', async () => {
  let seq = 1;
  const { of } = await open('/registry/draft', {
    answers: { tail: () => ({ events: [], through_seq: seq, more: false }) },
  });
  await ticks();
  await waitFor(() => expect(of('tail').length).toBeGreaterThan(2), { timeout: 12_000 });
  const asked = of('registry_draft').length;
  expect(asked).toBeLessThanOrEqual(2);
  seq = 2;
  await waitFor(() => expect(of('registry_draft')).toHaveLength(asked + 1), { timeout: 12_000 });
}, 30_000);

it('is dead where nobody can say whether it still is the draft', async () => {
  let fails = false;
  const trouble = refuse('HSK-500-DB');
  await open('/registry/draft', {
    answers: {
      tail: () => (fails ? trouble() : { events: [], through_seq: 1, more: false }),
      registry_draft: () => (fails ? trouble() : draft),
    },
  });
  await ticks();
  fails = true;
  expect(
    await screen.findByText(/could not be asked just now/, {}, { timeout: 12_000 }),
  ).toBeTruthy();
  expect(approve().disabled).toBe(true);
}, 30_000);

it('is dead where the host says that it is', async () => {
  await open('/registry/draft', withDraft({ review: { state: 'dead', reason: 'the base moved' } }));
  expect(await screen.findByText('This is no longer the draft')).toBeTruthy();
  expect(approve().disabled).toBe(true);
});

it('says what the host refuses and takes nothing for approved', async () => {
  const { user } = await open('/registry/draft', {
    answers: { review_registry: refuse('MEX-REGISTRY-STALE', 'the draft is another by now') },
  });
  for (const tick of await ticks()) await user.click(tick);
  await user.click(approve());
  const dialog = await screen.findByRole('dialog');
  await user.click(within(dialog).getByRole('button', { name: 'Approve' }));
  expect(await within(dialog).findByText('What was shown is no longer what there is')).toBeTruthy();
  expect(screen.queryByText('approved')).toBeNull();
});

it('rejects only with a comment', async () => {
  const { user, of } = await open('/registry/draft');
  await user.click(await screen.findByRole('button', { name: 'Reject…' }));
  const dialog = await screen.findByRole('dialog', { name: 'Reject 2.0.0' });
  await user.click(within(dialog).getByRole('button', { name: 'Reject' }));
  expect(await within(dialog).findByText(/A rejection needs a comment/)).toBeTruthy();
  expect(of('review_registry')).toEqual([]);
  await user.type(within(dialog).getByLabelText('Why'), 'trivy is not pinned');
  await user.click(within(dialog).getByRole('button', { name: 'Reject' }));
  await waitFor(() => expect(of('review_registry')).toHaveLength(1));
  expect(of('review_registry')[0]?.question).toMatchObject({
    decision: 'reject',
    comment: 'trivy is not pinned',
    diff_sha256: draft.diff_sha256,
  });
});

it('never approves a draft that breaks a rule', async () => {
  const { user } = await open('/registry/draft', withDraft({ validation: ['`x` has no section'] }));
  for (const tick of await ticks()) await user.click(tick);
  expect(approve().disabled).toBe(true);
  expect(screen.queryByText('valid')).toBeNull();
});

it('publishes what was approved, by the review that approved it', async () => {
  const review = {
    state: 'approved',
    reviewer_id: 'operator',
    review_sha256: 'b'.repeat(64),
  } as const;
  const { user, of } = await open('/registry/draft', withDraft({ review }));
  await user.click(await screen.findByRole('button', { name: 'Publish 2.0.0…' }));
  const dialog = await screen.findByRole('dialog', { name: 'Publish 2.0.0' });
  await user.click(within(dialog).getByRole('button', { name: 'Publish' }));
  await waitFor(() => expect(of('publish_registry')).toHaveLength(1));
  expect(of('publish_registry')[0]?.question).toEqual({
    review_id: 'b'.repeat(64),
    policy: null,
    signers: null,
  });
});

it('says the same in words, by field and as text', async () => {
  const { user } = await open('/registry/draft');
  await ticks();
  for (const way of ['In plain words', 'Field by field', 'As text']) {
    await user.click(screen.getByRole('button', { name: way }));
    const main = screen.getByRole('main').textContent;
    for (const id of ['proc.exec:trivy', 'terminal.exec', 'fs.read', 'Analyst'])
      expect(main, way).toContain(id);
  }
});

it('keeps hostile texts text, in every way of showing them (P28)', async () => {
  const { user, container } = await open('/registry/draft', { search: 'hostile' });
  await ticks();
  for (const way of ['In plain words', 'Field by field', 'As text']) {
    await user.click(screen.getByRole('button', { name: way }));
    expect(container.querySelector('script, img, style, iframe, object')).toBeNull();
    expect(container.textContent).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u001b]/);
  }
  expect(document.title).not.toContain('owned');
});

it('says that there is no draft, and never that one is approved', async () => {
  await open('/registry/draft', { search: 'nodraft' });
  expect(await screen.findByText('There is no draft to review')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /Approve/ })).toBeNull();
});
