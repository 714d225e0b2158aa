// By keyboard alone (P32): the operator's loop, the developer's loop, and every small thing on the way.
import assert from 'node:assert/strict';
import { open, OPEN, read, TOTAL } from './places.mjs';
import { task, withBrowser } from './task.mjs';

withBrowser();
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
  await page.keyboard.type('minimist');
  await press('Enter');
  await heading(page, 'Problems');
  const found = read('problems')[0].answer.items.filter((row) =>
    `${row.problem.title} ${row.package} ${row.file}`.includes('minimist'),
  );
  assert.ok(found.length > 1);
  await page.getByText(`${found.length} of ${TOTAL}`).waitFor();
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
  // The word that was asked for stands in place of what was there before.
  const all = read('problems')[0].answer.items;
  const warnings = all.filter((row) => row.problem.severity === 'warning').length;
  await page.getByText(`${warnings} of ${TOTAL}`).waitFor();
});
task('16 clear a query that leaves nothing', '/problems?q=zzzz', async (page, press) => {
  await page.getByRole('button', { name: 'Clear the query' }).last().focus();
  await press('Enter');
  await page.getByRole('grid', { name: 'Problems' }).waitFor();
});
task('17 walk with F8 and Shift+F8', '/problems', async (page, press) => {
  await page.getByRole('grid').waitFor();
  await press('F8', 'F8', 'F8');
  await page.getByRole('complementary', { name: `Problem 3 of ${OPEN}` }).waitFor();
  await press('Shift+F8');
  await page.getByRole('complementary', { name: `Problem 2 of ${OPEN}` }).waitFor();
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
  await page
    .getByText(`${OPEN - 3} of ${TOTAL}`)
    .first()
    .waitFor();
  await page.getByRole('button', { name: /Undo/ }).focus();
  await press('Enter');
  await page
    .getByRole('status', { name: 'Problems shown' })
    .getByText(`${OPEN} of ${TOTAL}`, { exact: true })
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
  const secrets = open((row) => row.job === 'secret');
  await page.getByText(`${secrets} of ${TOTAL}`).first().waitFor();
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
task('26 copy as text, JSON and link', '/problems', async (page, press) => {
  await page.getByRole('grid').focus();
  await press('Space', 'ArrowDown', 'Space');
  for (const [steps, looks] of [
    [0, /^[a-z]+: /],
    [2, /^\[\s*\{/],
    [3, /^mex:\/\/problem\/[0-9a-f]{64}\n/],
  ]) {
    await page
      .getByRole('toolbar', { name: 'Chosen problems' })
      .getByRole('button', { name: 'Copy' })
      .focus();
    await press('Enter', ...Array(steps).fill('ArrowDown'), 'Enter');
    await page.waitForFunction(
      (source) => navigator.clipboard.readText().then((text) => new RegExp(source).test(text)),
      looks.source,
    );
  }
});
task(
  '27 going back finds the row, what is open and the place',
  '/problems',
  async (page, press) => {
    const grid = page.getByRole('grid', { name: 'Problems' });
    await grid.focus();
    await press('End', 'Enter');
    const drawer = page.getByRole('complementary').last();
    await drawer.waitFor();
    const named = await drawer.getByRole('heading').first().innerText();
    await page.waitForTimeout(300);
    const top = await grid.evaluate((one) => one.scrollTop);
    assert.ok(top > 0);
    await page.getByRole('navigation').getByRole('link', { name: 'Gates' }).focus();
    await press('Enter');
    await heading(page, 'Gates');
    await press('Alt+ArrowLeft');
    await page.getByRole('complementary', { name: named }).waitFor();
    await page.waitForFunction(
      (wanted) => Math.abs(document.querySelector('[role=grid]').scrollTop - wanted) <= 1,
      top,
    );
  },
);
task(
  '28 a restart goes on where the window was',
  '',
  async (page) => {
    await heading(page, 'Scans');
    const active = await page
      .getByRole('grid', { name: 'Scans' })
      .getAttribute('aria-activedescendant');
    assert.match(active, /-2$/);
  },
  `kept=${encodeURIComponent(JSON.stringify({ path: '/scan', places: { '/scan': { active: 2 } } }))}`,
);
