import { screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { open } from './window';

it('asks for counts and rows of a line side by side, once', async () => {
  const counts = (filtered: number) => ({ filtered, total: 7, matching: [], all: [] });
  const { user, of } = await open('/problems', {
    answers: {
      problem_counts: ({ query }) => counts(query === 'is:open' ? 5 : 3),
      problems: () => ({ items: [], next: null }),
    },
  });
  const asked = (line: string) => of('problems').filter((one) => one.question['query'] === line);
  const shown = async (words: string) => {
    const said = await screen.findByRole('status', { name: 'Problems shown' });
    await waitFor(() => expect(said.textContent).toBe(words));
  };
  await shown('5 of 7');
  expect(asked('is:open').length).toBe(1);

  await user.type(screen.getByRole('combobox', { name: 'Query' }), ' x');
  await shown('3 of 7');
  expect(asked('is:open x').length).toBe(1);
  expect(asked('is:open').length).toBe(1);
});
