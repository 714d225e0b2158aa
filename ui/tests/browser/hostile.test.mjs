// Hostile text stays text (P28): 200 strings in every place a Problem shows, in a real browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open } from '../../scripts/window.mjs';

const BIDI = [
  '\u202a',
  '\u202b',
  '\u202c',
  '\u202d',
  '\u202e',
  '\u2066',
  '\u2067',
  '\u2068',
  '\u2069',
  '\u200e',
  '\u200f',
  '\u061c',
];
const SCRIPT = [
  '<script>globalThis.hit=1</script>',
  '<img src=x onerror="globalThis.hit=1">',
  '<svg onload="globalThis.hit=1">',
  '"><iframe src="javascript:parent.hit=1">',
  "javascript:globalThis.hit=1//'",
  '<a href="javascript:globalThis.hit=1">click</a>',
  '<style>*{display:none}</style>',
  '<base href="https://example.invalid/">',
  '<meta http-equiv=refresh content=0>',
  '{{constructor.constructor("globalThis.hit=1")()}}',
  '${globalThis.hit=1}',
  '&lt;script&gt;globalThis.hit=1&lt;/script&gt;',
];
const ODD = [
  '\u001b[31mred\u001b[0m',
  '\u001b]8;;https://example.invalid\u0007link\u001b]8;;\u0007',
  'bell\u0007 back\b\b\bspace',
  'nul\u0000byte',
  'line\nfeed\r\nand\rreturn',
  'раураl.com pаypal', // Cyrillic letters among Latin ones
  '𝐛𝐨𝐥𝐝 ﷽ Z̷͑̎a̸͝l̶g̶o̵',
  '\u{e0041}\u{e0042} tags',
  'zero\u200bwidth\u200d\ufeffjoin',
  'x'.repeat(4096),
  '界'.repeat(4096),
  '../../../../etc/passwd',
  'C:\\Windows\\System32\\..\\x',
  'file://x/y',
  "'; DROP TABLE events; --",
  '%0d%0aSet-Cookie: x=1',
  '__proto__',
  'constructor',
  '\ud800 lone surrogate',
  'https://example.invalid/<script>',
];
const TEXTS = Array.from({ length: 200 }, (_, index) => {
  const script = SCRIPT[index % SCRIPT.length];
  const bidi = BIDI[Math.floor(index / 4) % BIDI.length];
  const odd = ODD[index % ODD.length];
  return [
    `${index} ${script}`,
    `${index} a${bidi}gnp.${bidi}exe ${script}`,
    `${index} ${odd}`,
    `${index} ${odd}${bidi}${script}`,
  ][index % 4];
});

let browser;
before(async () => (browser = await open()));
after(() => browser.close());

/** What the page became: nothing ran, nothing is there that only markup makes, nothing hides. */
async function check(page) {
  const found = await page.evaluate(() => ({
    hit: globalThis.hit,
    made: document.querySelectorAll(
      '#root :is(script, iframe, img, style, base, meta, object, embed, a[href^="javascript:"])',
    ).length,
    handlers: [...document.querySelectorAll('#root *')].filter((one) =>
      [...one.attributes].some((name) => name.name.startsWith('on')),
    ).length,
    text: document.querySelector('#root').innerText,
    place: location.origin === document.baseURI.slice(0, location.origin.length),
  }));
  assert.equal(found.hit, undefined, 'a script ran');
  assert.equal(found.made, 0, 'markup was made of text');
  assert.equal(found.handlers, 0, 'a handler was made of text');
  assert.ok(found.place, 'the page lies somewhere else');
  const hidden = [...found.text].filter((one) =>
    /[\p{Cf}\p{Cs}]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u.test(one),
  );
  assert.deepEqual(hidden, [], 'a character hides in the text');
  assert.deepEqual(page.faults, []);
}

test('200 strings in the list, each in the drawer', async () => {
  const page = await browser.page('/problems', {
    search: `kept=${encodeURIComponent(JSON.stringify({ 'problems.query': '' }))}`,
    before: [(texts) => (globalThis.hostile = texts), TEXTS],
  });
  const grid = page.getByRole('grid', { name: 'Problems' });
  assert.equal(await grid.getAttribute('aria-rowcount'), String(TEXTS.length + 1));
  await check(page);
  await grid.focus();
  await page.keyboard.press('Enter');
  for (let row = 0; row < TEXTS.length; row += 1) {
    await page.keyboard.press('ArrowDown');
    if (row % 20 === 0) await check(page);
  }
  await check(page);
  await page.keyboard.press('Home');
  await page.waitForTimeout(200);
  assert.ok((await page.locator('text=RLO').count()) > 0, 'what turns a line around is named');
  await page.context().close();
});

test('in the query line, the palette and the address', async () => {
  for (const given of TEXTS.slice(0, 24)) {
    // An address cannot carry half a character.
    const text = given.toWellFormed();
    const page = await browser.page(
      `/lost?uri=${encodeURIComponent(text)}&why=${encodeURIComponent(text)}`,
      {},
    );
    await page.keyboard.press('Control+k');
    await page.keyboard.insertText(text);
    await check(page);
    await page.context().close();
  }
});
