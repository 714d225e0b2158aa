// Trouble is named, says what to do, and is never taken as clean (issue's "Bad input and trouble").
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open } from '../../scripts/window.mjs';
import { LAST_SCAN, PROBLEM, ATTEMPT } from './places.mjs';

let browser;
before(async () => (browser = await open()));
after(() => browser.close());

const CASES = [
  [
    'the data folder is held by another process',
    '/home',
    'open_state:MEX-DATA-DIR',
    'The data folder cannot be used',
  ],
  ['the data folder is damaged', '/home', 'open_state:MEX-DATA-CORRUPT', 'database is damaged'],
  [
    'a newer mex wrote it',
    '/home',
    'open_state:MEX-DATA-FUTURE',
    'A newer mex wrote this data folder',
  ],
  [
    'the recorder cannot be read',
    '/problems',
    'problem_counts:HSK-500-DB,problems:HSK-500-DB',
    'The Flight Recorder cannot be used',
  ],
  [
    'a stored verdict is damaged',
    `/scan/${LAST_SCAN}`,
    'scan:MEX-STORE-CORRUPT',
    'damaged or gone',
  ],
  [
    'the store cannot be read',
    `/problem/${PROBLEM}`,
    'problem:MEX-STORE-IO',
    'artifact store cannot be read',
  ],
  ['nothing has the id', '/problem/feedbeef', '', 'There is nothing with this id'],
  ['an attempt nobody knows', '/gates/feedbeef', '', 'There is nothing with this id'],
  [
    'the product fails',
    `/gates/${ATTEMPT}`,
    'gates:MEX-INTERNAL',
    'mex did something it should not',
  ],
];

for (const [name, hash, refuse, says] of CASES) {
  test(name, async () => {
    const page = await browser.page(hash, { search: refuse === '' ? '' : `refuse=${refuse}` });
    const alert = page.getByRole('alert').first();
    await alert.waitFor();
    const text = await alert.innerText();
    assert.ok(text.includes(says), text);
    assert.match(text, /What to do:|Go to|Choose|See/);
    const main = await page.locator('main').innerText();
    assert.doesNotMatch(main, /\bPASS\b|No problems|Nothing stands against it/);
    await page.context().close();
  });
}

const STARTS = [
  ['the project folder is gone', 'MEX-STAGE-MISSING', 'The project folder is gone'],
  ['the disk is full', 'MEX-STAGE-IO', 'The disk could not hold the staged copy'],
  ['the recorder cannot write', 'HSK-500-DB', 'The Flight Recorder cannot be used'],
];
for (const [name, code, says] of STARTS) {
  test(`a scan that cannot begin: ${name}`, async () => {
    const page = await browser.page('/home', { search: `refuse=start_scan:${code}` });
    await page.getByRole('textbox', { name: 'Project folder' }).waitFor();
    await page.keyboard.press('Control+Enter');
    const dialog = page.getByRole('dialog', { name: says });
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /What to do:/);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.ok(page.url().endsWith('#/home'));
    await page.context().close();
  });
}

test('settings that cannot be read are said, and the window opens', async () => {
  const page = await browser.page('/problems', { search: 'refuse=preferences:MEX-STORE-IO' });
  await page.getByRole('alert').getByText('defaults are in force').waitFor();
  await page.getByRole('grid', { name: 'Problems' }).waitFor();
  await page.context().close();
});

test('a deep link that leads nowhere says so', async () => {
  const page = await browser.page('/link?uri=mex%3A%2F%2Fproblem%2F0000', {});
  await page.getByRole('heading', { name: 'Nothing stands behind this link' }).waitFor();
  assert.ok((await page.locator('main').innerText()).includes('mex://problem/0000'));
  await page.context().close();
});

test('never scanned, filtered out and clean look different', async () => {
  const look = async (search, hash = '/problems') => {
    const page = await browser.page(hash, { search });
    const kind = await page.locator('[data-nothing]').getAttribute('data-nothing');
    await page.context().close();
    return kind;
  };
  assert.equal(await look('', '/problems?q=nothing-is-called-this'), 'filtered-out');
  // Nothing on record and a last scan that did not pass: that is not clean.
  assert.equal(await look('clean'), 'failed');
});
