import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { open, refuse } from './window';

const ask = () => screen.findByRole('dialog', { name: 'Take in a report of another tool' });

it('takes in a dropped report by the same command, and says that nothing passes by it', async () => {
  const { user, of } = await open('/home', { search: 'drop=report' });
  const dialog = await ask();
  expect(dialog.textContent).toContain('/srv/reports/semgrep.sarif');
  expect(dialog.textContent).toContain('nothing passes and nothing is lifted');
  expect(of('import_report')).toEqual([]);
  await user.selectOptions(within(dialog).getByLabelText('About the project'), '/srv/nodegoat');
  await user.click(within(dialog).getByRole('button', { name: 'Take in' }));
  const came = await screen.findByRole('dialog', { name: 'What came of it' });
  expect(of('import_report').map((call) => call.question)).toEqual([
    { dropped: '/srv/reports/semgrep.sarif', project: '/srv/nodegoat' },
  ]);
  expect(came.textContent).toContain('sarif 2.1.0');
  expect(came.textContent).toContain('eslint');
  expect(came.textContent).not.toMatch(/\bpass\b|clean/i);
  await user.click(within(came).getByRole('button', { name: 'Its problems' }));
  expect(location.hash).toContain('source%3A%22plugin%3Aeslint%22');
});

it('lets somebody choose a file by a button, and says nothing where nobody did', async () => {
  const { user, of } = await open('/home', { answers: { import_report: () => null } });
  await user.click(await screen.findByRole('button', { name: /Take in a report/ }));
  const dialog = await ask();
  await user.click(within(dialog).getByRole('button', { name: 'Choose a file…' }));
  await waitFor(() => expect(of('import_report')).toHaveLength(1));
  expect(of('import_report')[0]?.question).toEqual({ dropped: null, project: null });
  expect(screen.queryByRole('dialog', { name: 'What came of it' })).toBeNull();
});

it('starts the scan form with a dropped folder', async () => {
  await open('/problems', { search: 'drop=folder' });
  const field = await screen.findByLabelText<HTMLInputElement>('Project folder');
  expect(field.value).toBe('/srv/nodegoat');
  expect(screen.queryByRole('dialog')).toBeNull();
});

it('says of a file that is no report what can be dropped', async () => {
  const { user } = await open('/home', { search: 'drop=picture' });
  await user.click(within(await ask()).getByRole('button', { name: 'Take in' }));
  const came = await screen.findByRole('dialog', { name: 'What came of it' });
  expect(within(came).getByRole('alert').textContent).toContain('Nothing came in');
  expect(within(came).queryByRole('button', { name: 'Its problems' })).toBeNull();
});

it('says of what has no path here what can be dropped', async () => {
  await open('/home', { search: 'drop=unreadable' });
  expect(await screen.findByText(/This cannot be dropped here/)).toBeTruthy();
});

it('tells a report that is not whole', async () => {
  const { user } = await open('/home', {
    search: 'drop=report',
    answers: { import_report: refuse('MEX-INPUT-TOO-BIG', 'the report has 200 MB') },
  });
  await user.click(within(await ask()).getByRole('button', { name: 'Take in' }));
  expect(await screen.findByText('This is over the size limit')).toBeTruthy();
});
