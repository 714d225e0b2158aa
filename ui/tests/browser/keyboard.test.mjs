// By keyboard alone (P32): the operator's loop, the developer's loop, and every small thing on the way.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open } from '../../scripts/window.mjs';

let browser;
before(async () => (browser = await open()));
after(() => browser.close());

/** A task in a fresh window; no pointer anywhere. */
function task(name, hash, run, search = '') {
  test(name, async () => {
    const page = await browser.page(hash, { search });
    const press = async (...keys) => {
      for (const key of keys) {
        await page.keyboard.press(key);
        await page.waitForTimeout(60);
      }
    };
    await run(page, press);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
const heading = (page, name) => page.getByRole('heading', { name, exact: true }).first().waitFor();
const focused = (page) =>
  page.evaluate(
    () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
  );

task('1 skip to the screen', '/home', async (page, press) => {
  await press('Tab', 'Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
});
for (const [keys, title] of [
  [['g', 's'], 'Scans'],
  [['g', 'p'], 'Problems'],
  [['g', 'g'], 'Gates'],
  [['g', 'h'], 'Home'],
]) {
  task(`go to ${title}`, title === 'Home' ? '/gates' : '/home', async (page, press) => {
    await press(...keys);
    await heading(page, title);
  });
}
task('6 back and forward', '/home', async (page, press) => {
  await press('g', 'p');
  await heading(page, 'Problems');
  await press('Alt+ArrowLeft');
  await heading(page, 'Home');
  await press('Alt+ArrowRight');
  await heading(page, 'Problems');
});
task('7 the palette finds a screen and goes there', '/home', async (page, press) => {
  await press('Control+k');
  await page.keyboard.type('gates');
  await press('Enter');
  await heading(page, 'Gates');
});
task('8 the palette finds problems by a word', '/home', async (page, press) => {
  await press('Control+k');
  await page.keyboard.type('smallvec');
  await press('Enter');
  await heading(page, 'Problems');
  await page.getByText('2 of 15').waitFor();
});
task('9 the palette closes and gives the focus back', '/problems', async (page, press) => {
  await page.getByRole('grid').focus();
  await press('Control+k', 'Escape');
  assert.equal(await focused(page), 'Problems');
});
task('10 every shortcut is shown', '/problems', async (page, press) => {
  await press('Shift+?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await dialog.waitFor();
  for (const word of ['Next problem', 'Acknowledge', 'Ask for problems', 'Back'])
    await dialog.getByText(word, { exact: true }).waitFor();
  await press('Escape');
  await dialog.waitFor({ state: 'detached' });
});
task('11 scan the chosen project, see it live, see the block', '/home', async (page, press) => {
  await page.getByText('In its top folder').waitFor();
  await press('Control+Enter');
  await heading(page, 'Scanning');
  await page.getByText('running gitleaks').waitFor();
  await page.getByRole('region', { name: 'Verdict' }).getByText('BLOCK', { exact: true }).waitFor();
  assert.match(await page.getByTestId('live').innerText(), /The scan ended: block/);
});
task(
  '12 cancel a scan',
  '/home',
  async (page, press) => {
    await press('Control+Enter');
    await heading(page, 'Scanning');
    await press('Control+.');
    await page
      .getByRole('button', { name: /Cancel/ })
      .first()
      .waitFor();
  },
  'pace=3',
);
task('13 leave a job out and scan for a release', '/home', async (page, press) => {
  await page.getByRole('checkbox', { name: /Inventory/ }).focus();
  await press('Space');
  assert.equal(await page.getByRole('checkbox', { name: /Inventory/ }).isChecked(), false);
  await page.getByRole('switch', { name: 'For a release' }).focus();
  await press('Space');
  await page.getByRole('button', { name: /Scan for a release/ }).waitFor();
});
task('14 choose another recent project', '/home', async (page, press) => {
  await page.getByRole('button', { name: /ledger \/srv\/ledger/ }).focus();
  await press('Enter');
  assert.equal(
    await page.getByRole('textbox', { name: 'Project folder' }).inputValue(),
    '/srv/ledger',
  );
});
task('15 ask for problems with a suggested field and value', '/problems', async (page, press) => {
  await press('/');
  await page.keyboard.type('sev');
  await page.getByRole('option').first().waitFor();
  await press('ArrowDown', 'Enter');
  await page.getByRole('option', { name: /warning/ }).waitFor();
  await page.keyboard.type('war');
  await page.waitForTimeout(150);
  await press('ArrowDown', 'Enter', 'Enter');
  await page.getByText('2 of 15').waitFor();
});
task('16 clear a query that leaves nothing', '/problems?q=zzzz', async (page, press) => {
  await page.getByRole('button', { name: 'Clear the query' }).last().focus();
  await press('Enter');
  await page.getByRole('grid', { name: 'Problems' }).waitFor();
});
task('17 walk with F8 and Shift+F8', '/problems', async (page, press) => {
  await page.getByRole('grid').waitFor();
  await press('F8', 'F8', 'F8');
  await page.getByRole('complementary', { name: 'Problem 3 of 15' }).waitFor();
  await press('Shift+F8');
  await page.getByRole('complementary', { name: 'Problem 2 of 15' }).waitFor();
});
task(
  '18 open the evidence, read it, close it, be back in the list',
  '/problems',
  async (page, press) => {
    await page.getByRole('grid').focus();
    await press('ArrowDown', 'Enter');
    const drawer = page.getByRole('complementary');
    for (const part of ['What to do', 'Finding', 'Related job', 'Policy decisions'])
      await drawer.getByRole('heading', { name: part }).waitFor();
    await drawer.getByRole('button', { name: 'Close the drawer' }).focus();
    await press('Escape');
    await drawer.waitFor({ state: 'detached' });
    assert.equal(await focused(page), 'Problems');
  },
);
task('19 triage three with one reason, then take it back', '/problems', async (page, press) => {
  await page.getByRole('grid').focus();
  await press('Space', 'ArrowDown', 'Space', 'ArrowDown', 'Space');
  await page.getByText('3 problems chosen').waitFor();
  await press('a');
  const dialog = page.getByRole('dialog', { name: 'Acknowledge 3 problems' });
  await dialog.waitFor();
  assert.equal(
    await dialog.getByRole('button', { name: /^Acknowledge/ }).isDisabled(),
    true,
    'a reason is asked for',
  );
  await page.keyboard.type('known, fixed with the next update');
  await press('Control+Enter');
  await page.getByText('3 problems acknowledged').waitFor();
  await page.getByText('12 of 15').first().waitFor();
  await page.getByRole('button', { name: /Undo/ }).focus();
  await press('Enter');
  await page
    .getByRole('status', { name: 'Problems shown' })
    .getByText('15', { exact: true })
    .waitFor();
});
task('20 mute the one that is looked at', '/problems', async (page, press) => {
  await page.getByRole('grid').focus();
  await press('m');
  await page.getByRole('dialog', { name: 'Mute 1 problem' }).waitFor();
  await page.keyboard.type('not ours');
  await press('Control+Enter');
  await page.getByText('1 problem muted').waitFor();
});
task('21 group by job and narrow to one', '/problems', async (page, press) => {
  await page.getByRole('button', { name: /No groups/ }).focus();
  await press('Enter', 'ArrowDown', 'ArrowDown', 'Enter');
  const group = page.getByRole('button', { name: /secret/ });
  await group.waitFor();
  await group.focus();
  await press('Enter');
  await page.getByText(/of 15/).first().waitFor();
});
task('22 copy as Markdown', '/problems', async (page, press) => {
  await page.getByRole('grid').focus();
  await press('Space', 'ArrowDown', 'Space', 'c');
  await page.getByText('2 problems copied').waitFor();
  assert.equal((await page.evaluate(() => navigator.clipboard.readText())).split('\n').length, 2);
});
task('23 keep a view under a name', '/problems?q=severity:fatal', async (page, press) => {
  await page.getByRole('button', { name: 'Views' }).focus();
  await press('Enter', 'Enter');
  await page.getByRole('dialog', { name: 'Keep this view' }).waitFor();
  await page.keyboard.type('to mend first');
  await press('Enter');
  await page.getByRole('button', { name: 'Views' }).focus();
  await press('Enter');
  await page.getByRole('menuitem', { name: 'to mend first' }).waitFor();
});
task('24 from a problem to its job’s gates', '/problems', async (page, press) => {
  await page.getByRole('grid').focus();
  await press('ArrowDown', 'Enter');
  const link = page.getByRole('complementary').getByRole('link', { name: /_scan/ });
  await link.focus();
  await press('Enter');
  await heading(page, 'Gates');
  await page.getByText('G-INTEGRITY').waitFor();
});
task('25 from a scan’s reason to its evidence', '/scan', async (page, press) => {
  await page.getByRole('grid', { name: 'Scans' }).focus();
  await press('Enter');
  const evidence = page.getByRole('link', { name: 'Evidence' }).first();
  await evidence.focus();
  await press('Enter');
  await heading(page, 'Problem');
});
