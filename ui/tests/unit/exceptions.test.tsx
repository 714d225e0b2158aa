import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { DraftView, ExceptionList, Proposal } from '../../src/bindings/more';
import { open, recorded, refuse } from './window';

const DRAFT = recorded<DraftView>('draft_exception');
const BASELINE = recorded<DraftView>('draft_baseline');
const FIRST = recorded<ExceptionList>('exceptions').documents[0];
const PROPOSALS = recorded<Proposal[]>('proposals');

const dialog = (name: RegExp) => screen.findByRole('dialog', { name });

it('shows what would be hidden before anything is saved, by keyboard alone', async () => {
  const { user, of } = await open('/exceptions');
  await screen.findByRole('grid', { name: 'Exceptions' });
  await user.keyboard('n');
  const form = await dialog(/Accept a problem/);
  await within(form).findByLabelText('Problem');
  within(form).getByLabelText('Why').focus();
  await user.keyboard('not reachable{Tab}');
  // Owner, until, approver, cancel, then what it would hide.
  await user.keyboard('{Tab}{Tab}{Tab}{Tab}{Enter}');
  const shown = await dialog(/what it would hide/);
  expect(shown.textContent).toContain(DRAFT.impact.now?.hides[0]?.subject.split(' ')[0]);
  expect(shown.textContent).toContain(`${DRAFT.impact.judged} scans judged again`);
  expect(of('save_draft')).toEqual([]);
  await user.click(within(shown).getByRole('button', { name: 'Accept and save' }));
  await waitFor(() => expect(of('save_draft')).toHaveLength(1));
  expect(of('save_draft')[0]?.question).toEqual({ draft_id: 'draft-1' });
  expect(of('draft_exception')[0]?.question).toMatchObject({
    acceptance: { reason: 'not reachable', until: { until: 'days', days: 30 }, approver: null },
  });
});

it('asks for reason and owner, and drafts nothing without them', async () => {
  const { user, of } = await open('/exceptions');
  await user.click(await screen.findByRole('button', { name: /Accept a problem/ }));
  const form = await dialog(/Accept a problem/);
  await within(form).findByLabelText('Problem');
  await user.clear(within(form).getByLabelText('Who answers for it'));
  await user.click(within(form).getByRole('button', { name: 'Show what it would hide' }));
  expect(await within(form).findByText('Say why: it stands in every verdict.')).toBeTruthy();
  expect(within(form).getByText('Say who answers for it.')).toBeTruthy();
  expect(of('draft_exception')).toEqual([]);
});

it('declines a draft that was shown and left', async () => {
  const { user, of } = await open('/exceptions');
  await user.click(await screen.findByRole('button', { name: /Take a baseline/ }));
  const form = await dialog(/Take a baseline/);
  await user.type(within(form).getByLabelText('Why'), 'first scan');
  await user.click(within(form).getByRole('button', { name: 'Show what it would hide' }));
  const shown = await dialog(/what it would hide/);
  expect(shown.textContent).toContain(`It accepts ${BASELINE.exceptions.length} things`);
  await user.click(within(shown).getByRole('button', { name: 'Do not accept' }));
  expect(of('decline_draft').map((call) => call.question)).toEqual([{ draft_id: 'draft-1' }]);
  expect(of('save_draft')).toEqual([]);
});

it('saves nothing where the draft is not held any more', async () => {
  const { user } = await open('/exceptions', {
    answers: { save_draft: refuse('MEX-NOT-FOUND', 'this draft is not held any more') },
  });
  await user.click(await screen.findByRole('button', { name: /Take a baseline/ }));
  const form = await dialog(/Take a baseline/);
  await user.type(within(form).getByLabelText('Why'), 'first scan');
  await user.click(within(form).getByRole('button', { name: 'Show what it would hide' }));
  const shown = await dialog(/what it would hide/);
  await user.click(within(shown).getByRole('button', { name: 'Accept and save' }));
  expect(await within(shown).findByText('This draft is not held any more.')).toBeTruthy();
  expect(screen.queryByText(/in force from the next scan on/)).toBeNull();
});

it('says how each stands: live, ending, expired; what expired is never said to hold', async () => {
  const { user } = await open('/exceptions');
  const grid = await screen.findByRole('grid', { name: 'Exceptions' });
  for (const word of ['29 days left', '4 days left', 'expired'])
    expect(within(grid).getByText(word)).toBeTruthy();
  await user.selectOptions(screen.getByLabelText('Show'), 'expired');
  expect(within(grid).queryByText('29 days left')).toBeNull();
  expect(screen.getByText('1 of 4')).toBeTruthy();
});

it('renews with a later end and shows the impact anew', async () => {
  const { user, of } = await open('/exceptions');
  (await screen.findByRole('grid', { name: 'Exceptions' })).focus();
  await user.keyboard('{Enter}');
  await user.click(await screen.findByRole('button', { name: 'Renew…' }));
  const form = await dialog(/Renew an exception/);
  await user.selectOptions(within(form).getByLabelText('Until'), '90');
  await user.click(within(form).getByRole('button', { name: 'Show what it would hide' }));
  await dialog(/what it would hide/);
  expect(of('draft_renewal')[0]?.question).toMatchObject({
    id: FIRST?.exceptions[0]?.exception.id,
    project: FIRST?.place.in === 'data_folder' ? FIRST.place.project : '',
    until: { until: 'days', days: 90 },
    reason: null,
  });
});

it('revokes only with a reason', async () => {
  const { user, of } = await open('/exceptions');
  (await screen.findByRole('grid', { name: 'Exceptions' })).focus();
  await user.keyboard('{Enter}');
  await user.click(await screen.findByRole('button', { name: 'Revoke…' }));
  const ask = await dialog(/Revoke an exception/);
  await user.click(within(ask).getByRole('button', { name: 'Revoke' }));
  expect(of('revoke_exception')).toEqual([]);
  await user.type(within(ask).getByLabelText('Why'), 'fixed upstream');
  await user.click(within(ask).getByRole('button', { name: 'Revoke' }));
  await waitFor(() => expect(of('revoke_exception')).toHaveLength(1));
});

it('offers what the project asks for and obeys none of it', async () => {
  const { user, of } = await open('/exceptions?tab=proposals');
  expect(await screen.findByText(PROPOSALS[0]?.path ?? '')).toBeTruthy();
  // What is about no finding of ours can only be read.
  const answered = PROPOSALS.filter((one) => one.problem !== null);
  expect(answered.length).toBeLessThan(PROPOSALS.length);
  expect(screen.getAllByRole('button', { name: 'Accept…' })).toHaveLength(answered.length);
  await user.click(screen.getAllByRole('button', { name: 'Accept…' })[0] as HTMLElement);
  const form = await dialog(/what the project asks/);
  await user.type(within(form).getByLabelText('Why'), 'a test file');
  await user.click(within(form).getByRole('button', { name: 'Show what it would hide' }));
  await dialog(/what it would hide/);
  expect(of('draft_exception')[0]?.question['subject']).toMatchObject({
    of: 'proposal',
    number: answered[0]?.number,
  });
});

it('opens with the problem that somebody comes from', async () => {
  await open(`/exceptions?problem=${'ab'.repeat(32)}`);
  const form = await dialog(/Accept a problem/);
  const field = await within(form).findByLabelText<HTMLSelectElement>('Problem');
  expect(field.value).toBe('ab'.repeat(32));
});

it('never says that nothing is accepted where it could not be read', async () => {
  await open('/exceptions', { answers: { exceptions: refuse('HSK-500-DB') } });
  expect(await screen.findByText('The Flight Recorder cannot be used')).toBeTruthy();
  expect(screen.queryByText('Nothing is accepted')).toBeNull();
});

it('keeps hostile texts text (P28)', async () => {
  const { user, container } = await open('/exceptions', { search: 'hostile' });
  (await screen.findByRole('grid', { name: 'Exceptions' })).focus();
  for (let row = 0; row < 8; row += 1) {
    await user.keyboard('{Enter}{ArrowDown}');
    expect(container.querySelector('script, img, style, iframe, object')).toBeNull();
    expect(container.textContent).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u001b]/);
  }
});
