// 100,000 problems (UI-4): true row counts, a handful of rows in the page, no whole table in the window.
import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { open } from '../../scripts/window.mjs';

const ROWS = 100_000;
let browser;
let page;
before(async () => (browser = await open()));
after(() => browser.close());
beforeEach(async () => {
  const kept = encodeURIComponent(JSON.stringify({ 'problems.query': '' }));
  page = await browser.page('/problems', { search: `rows=${ROWS}&kept=${kept}` });
  await grid().waitFor();
});
afterEach(async () => {
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const grid = () => page.getByRole('grid', { name: 'Problems' });
const inPage = () => page.locator('[role=grid] [role=row][id]').count();
const activeRow = () =>
  page.evaluate(() =>
    document
      .getElementById(document.querySelector('[role=grid]').getAttribute('aria-activedescendant'))
      ?.getAttribute('aria-rowindex'),
  );

test('says how many rows there are and draws only those that are seen', async () => {
  assert.equal(await grid().getAttribute('aria-rowcount'), String(ROWS + 1));
  assert.ok((await inPage()) < 60);
  assert.equal(await page.getByRole('status', { name: 'Problems shown' }).innerText(), '100,000');
});

test('goes to the end and back by one key, and the row there is read', async () => {
  await grid().focus();
  await page.keyboard.press('End');
  await page.locator(`[aria-rowindex="${ROWS + 1}"]:not([aria-busy])`).waitFor();
  assert.equal(await activeRow(), String(ROWS + 1));
  assert.ok(
    (await page.locator(`[aria-rowindex="${ROWS + 1}"]`).innerText()).includes(
      `finding ${ROWS - 1}`,
    ),
  );
  assert.ok((await inPage()) < 60);
  await page.keyboard.press('Home');
  await page.locator('[aria-rowindex="2"]:not([aria-busy])').waitFor();
  assert.equal(await activeRow(), '2');
});

test('pages, single steps and a range by keys', async () => {
  await grid().focus();
  await page.keyboard.press('PageDown');
  const page1 = Number(await activeRow());
  assert.ok(page1 > 5);
  await page.keyboard.press('ArrowUp');
  assert.equal(Number(await activeRow()), page1 - 1);
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.getByText('3 problems chosen').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('3 problems chosen').waitFor({ state: 'detached' });
});

test('a filter narrows the counts, here and in the status bar', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('severity:fatal job:vuln');
  await page.keyboard.press('Enter');
  await page.getByText('5,000 of 100,000').first().waitFor();
  assert.equal(await grid().getAttribute('aria-rowcount'), '5001');
  await page.getByRole('contentinfo', { name: 'Status' }).getByText('5,000 / 20,000').waitFor();
});

test('a word nobody knows is named with its place', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('colour:red');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('colour').waitFor();
  assert.ok((await page.getByRole('alert').innerText()).includes('position 1'));
});

test('suggests only values with results', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('tool:');
  const options = page.getByRole('option');
  await options.first().waitFor();
  assert.deepEqual((await options.allInnerTexts()).map((text) => text.split('\n')[0]).sort(), [
    'gitleaks',
    'osv-scanner',
    'scancode',
    'syft',
  ]);
});
