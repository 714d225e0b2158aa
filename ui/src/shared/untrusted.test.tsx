import { render } from '@testing-library/react';
import { expect, it } from 'vitest';
import { Untrusted } from './Untrusted';
import { visible } from './untrusted';

it.each([
  ['plain text', 'plain text'],
  ['a\u202egnp.exe', 'a⟨RLO⟩gnp.exe'],
  ['\u001b[31mred', '⟨ESC⟩[31mred'],
  ['line\nnext\ttab', 'line⟨LF⟩next⟨TAB⟩tab'],
  ['zero\u200bwidth', 'zero⟨ZWSP⟩width'],
  ['\u{e0041}tag', '⟨U+E0041⟩tag'],
  ['Ünïcødé 漢字 🎉', 'Ünïcødé 漢字 🎉'],
])('%j shows what hides in it', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

it('makes no markup of text', () => {
  const { container } = render(
    <Untrusted text={'<img src=x onerror="alert(1)"><script>alert(1)</script>'} />,
  );
  expect(container.querySelector('img, script')).toBeNull();
  expect(container.textContent).toContain('<script>alert(1)</script>');
});

it('folds what is too long and says how long it is', () => {
  const { container, getByRole } = render(<Untrusted text={'x'.repeat(4_096)} />);
  expect(container.textContent.length).toBeLessThan(2_100);
  expect(getByRole('button').textContent).toContain('4,096');
});
