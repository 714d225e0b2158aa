// The look stands on one page: no colour and no size outside src/shared/tokens.css.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../src');
const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' });
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const styles = files.filter((file) => file.endsWith('.css') && !file.endsWith('tokens.css'));
const code = files.filter((file) => /\.tsx?$/.test(file) && !/\.test\./.test(file));
const TOKENS = read('shared/tokens.css');

const COLOUR =
  /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark)a?\(/gi;
const SIZE = /(?<![\w.-])-?\d*\.?\d+(?:px|rem|em|ch|pt|vw|vh|vmin|vmax|ms|s)\b/gi;

/** Comments may say what they like. */
const bare = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '');

describe('what a style file may say', () => {
  it.each(styles)('%s has no colour and no size of its own', (file) => {
    const text = bare(read(file));
    expect(text.match(COLOUR) ?? []).toEqual([]);
    expect(text.match(SIZE) ?? []).toEqual([]);
    expect(text.match(/!important/g) ?? []).toEqual([]);
  });

  it.each(styles)('%s uses only tokens that there are', (file) => {
    const used = [...read(file).matchAll(/var\((--[\w-]+)/g)].map((found) => found[1] ?? '');
    const unknown = used.filter((name) => !TOKENS.includes(`${name}:`));
    expect(unknown).toEqual([]);
  });
});

describe('what code may say', () => {
  it.each(code)('%s has no colour and no style of a fixed size', (file) => {
    const text = read(file);
    expect(text.match(/['"`]#[0-9a-f]{3,8}['"`]/gi) ?? []).toEqual([]);
    // A style in code is computed; what is fixed is a token.
    const fixed = [...text.matchAll(/style=\{\{([^}]*)\}\}/g)].filter(
      (found) =>
        /['"`]?\d+(?:px|rem|em)/.test(found[1] ?? '') || /:\s*\d+\s*[,}]/.test(found[1] ?? ''),
    );
    expect(fixed.map((found) => found[0])).toEqual([]);
  });
});

it('finds what it looks for', () => {
  expect('a { color: #fff; width: 12px; margin: -0.5rem }'.match(COLOUR)).toEqual(['#fff']);
  expect('a { color: #fff; width: 12px; margin: -0.5rem }'.match(SIZE)).toEqual([
    '12px',
    '-0.5rem',
  ]);
});

it('every token is used somewhere', () => {
  const names = [...TOKENS.matchAll(/^\s*(--[\w-]+):/gm)].map((found) => found[1] ?? '');
  const all = files
    .filter((file) => /\.(css|tsx?)$/.test(file))
    .map(read)
    .join('\n');
  const unused = [...new Set(names)].filter(
    (name) => !all.includes(`var(${name})`) && !all.includes(`'${name}'`),
  );
  expect(unused).toEqual([]);
});
