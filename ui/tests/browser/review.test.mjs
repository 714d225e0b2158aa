// By keyboard alone (P32): the reviewer's loop and the exceptions flow, in a real browser; and the same
// screens with hostile texts in every field (P28).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAST_SCAN, read } from './places.mjs';
import { task, withBrowser } from './task.mjs';

const browser = withBrowser();

/** Tabs on until what has the focus is called this. */
async function tabTo(page, name, most = 60) {
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press('Tab');
    const is = await page.evaluate(() => {
      const one = document.activeElement;
      return one?.getAttribute('aria-label') ?? one?.labels?.[0]?.textContent ?? one?.textContent;
    });
    if (name.test(is ?? '')) return;
  }
  assert.fail(`no way by Tab to ${name}`);
}

task(
  'the reviewer opens the draft, reads it, ticks each right and approves',
  '/home',
  async (page, press) => {
    await press('g', 'y');
    await page.getByRole('heading', { name: 'Registry' }).waitFor();
    await press('d');
    await page.getByRole('heading', { name: 'Rights that are added' }).waitFor();
    await tabTo(page, /^As text$/);
    await press('Enter');
    assert.match(await page.getByLabel('The diff as text').textContent(), /proc\.exec:trivy/);
    const approve = page.getByRole('button', { name: /^Approve 2\.0\.0/ });
    const ticks = page.getByRole('checkbox');
    const rights = await ticks.count();
    assert.equal(rights, read('registry_draft')[0].answer.diff.added_rights.length);
    await press('Control+Enter');
    assert.equal(
      await page.getByRole('dialog').count(),
      0,
      'nothing is asked before each is ticked',
    );
    for (let right = 0; right < rights; right += 1) {
      assert.ok(await approve.isDisabled());
      if (right === 0) await tabTo(page, /advisories\.example becomes/i);
      else await press('Tab');
      await press('Space');
    }
    assert.ok(await approve.isEnabled());
    await press('Control+Enter');
    const dialog = page.getByRole('dialog', { name: 'Approve 2.0.0' });
    await dialog.waitFor();
    await page.keyboard.type('read field by field');
    await press('Control+Enter');
    await page.getByText('It is in force once it is published.').waitFor();
    await tabTo(page, /^Publish 2\.0\.0/);
    await press('Enter');
    await page.getByRole('dialog', { name: 'Publish 2.0.0' }).waitFor();
    await press('Enter');
    await page.getByText('version 2.0.0').waitFor();
  },
);

task(
  'a draft that changes under the reader is dead, by keyboard too',
  '/registry/draft',
  async (page, press) => {
    await page.getByText('This is no longer the draft').waitFor();
    assert.ok(await page.getByRole('checkbox').first().isDisabled());
    await press('Control+Enter');
    assert.equal(await page.getByRole('dialog').count(), 0);
    await tabTo(page, /^Read the draft anew/);
    await press('Enter');
    await page.getByText('not reviewed').waitFor();
  },
  'redraft=1',
);

task('a rejection asks for a comment', '/registry/draft', async (page, press) => {
  await tabTo(page, /^Reject…/);
  await press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Reject 2.0.0' });
  await dialog.waitFor();
  await press('Control+Enter');
  await dialog.getByText(/A rejection needs a comment/).waitFor();
  await page.keyboard.type('trivy is not pinned');
  await press('Control+Enter');
  await page.getByText('trivy is not pinned').waitFor();
});

const DRAFTED = read('draft_exception')[0].answer.exceptions[0].id;

task('an exception is added with its impact shown, then revoked', '/home', async (page, press) => {
  await press('g', 'e');
  await page.getByRole('grid', { name: 'Exceptions' }).waitFor();
  await press('n');
  await page.getByLabel('Problem', { exact: true }).waitFor();
  await tabTo(page, /^Why$/);
  await page.keyboard.type('the affected call is not reachable');
  await tabTo(page, /^Show what it would hide$/);
  await press('Enter');
  await page.getByRole('heading', { name: 'In the newest scan' }).waitFor();
  await tabTo(page, /^Accept and save$/);
  await press('Enter');
  await page.getByText('5 exceptions').waitFor();
  await tabTo(page, /^Exceptions$/);
  await press('End', 'Enter');
  await page.getByRole('complementary').getByText(DRAFTED).waitFor();
  await tabTo(page, /^Revoke…$/);
  await press('Enter');
  await page.getByRole('dialog', { name: 'Revoke an exception' }).waitFor();
  await page.keyboard.type('fixed upstream');
  await tabTo(page, /^Revoke$/);
  await press('Enter');
  await page.getByText('4 exceptions').waitFor();
});

task('a consent is granted and revoked', '/consents', async (page, press) => {
  await press('n');
  await page.getByRole('dialog', { name: 'Grant a consent' }).waitFor();
  await tabTo(page, /^Why$/);
  await page.keyboard.type('for one fetch');
  await tabTo(page, /^Grant$/);
  await press('Enter');
  await page.getByText('for one fetch').waitFor();
});

task(
  'a report is searched, a row opened and left',
  `/reports/${LAST_SCAN}/components`,
  async (page, press) => {
    await page.getByRole('grid').waitFor();
    await press('/');
    await page.keyboard.type('ansi-regex');
    await page.getByText(/^[1-9] components?$/).waitFor();
    await tabTo(page, /^Component$/);
    await press('Enter');
    await page.getByRole('complementary').last().getByText('Package URL').waitFor();
    await press('Shift+Tab');
    await press('Escape');
  },
);

for (const [name, hash] of [
  ['vulnerabilities', `/reports/${LAST_SCAN}/vulnerabilities`],
  ['licences', `/reports/${LAST_SCAN}/licenses`],
  ['secrets', `/reports/${LAST_SCAN}/secrets`],
  ['exceptions', '/exceptions'],
]) {
  task(
    `hostile texts stay text in ${name}`,
    hash,
    async (page, press) => {
      await page.getByRole('grid').first().focus();
      await press('Home');
      for (let row = 0; row < 9; row += 1) {
        await press('Enter', 'ArrowDown');
        await checked(page);
      }
    },
    'hostile',
  );
}
for (const way of ['words', 'fields', 'text']) {
  test(`hostile texts stay text in a draft, ${way}`, async () => {
    const kept = encodeURIComponent(JSON.stringify({ 'registry.diff': way }));
    const page = await browser.page('/registry/draft', { search: `hostile&kept=${kept}` });
    await page.getByRole('heading', { name: 'Rights that are added' }).waitFor();
    await checked(page);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

/** Nothing of it became markup, ran, turned a line around or went unseen. */
async function checked(page) {
  const found = await page.evaluate(() => ({
    markup: document.querySelectorAll('#root :is(script, img, iframe, style, object, base, meta)')
      .length,
    unseen: /[\u202a-\u202e\u2066-\u2069\u200b\u001b]/.test(document.body.innerText),
    title: document.title,
    wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  }));
  assert.equal(found.markup, 0);
  assert.equal(found.unseen, false);
  assert.match(found.title, / · mex$/);
  assert.equal(found.wider, 0);
}
