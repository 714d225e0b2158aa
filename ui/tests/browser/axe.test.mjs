// axe-core on every screen in a real browser, with its WCAG 2.2 rule `target-size` switched on (UI-5, P32).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { open } from '../../scripts/window.mjs';
import { PLACES, show } from './places.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LOOKS = [
  ['light', { theme: 'light' }],
  ['dark', { theme: 'dark' }],
  ['high contrast', { theme: 'light', contrast: 'more' }],
  ['200 % in a small window', { theme: 'light', width: 640, height: 480, scale: 2 }],
];

let browser;
before(async () => (browser = await open()));
after(() => browser.close());

for (const [look, how] of LOOKS) {
  for (const place of PLACES) {
    test(`${place[0]}, ${look}`, async () => {
      const page = await show(browser, place, how);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() =>
        globalThis.axe.run(document, {
          rules: { 'target-size': { enabled: true } },
          resultTypes: ['violations'],
        }),
      );
      const said = violations.flatMap((one) =>
        one.nodes.map(
          (node) =>
            `${one.id}: ${node.target.join(' ')} ${node.any[0]?.message ?? node.failureSummary}`,
        ),
      );
      assert.deepEqual(said, []);
      assert.deepEqual(page.faults, []);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(over, 0, 'the page is wider than the window');
      await page.context().close();
    });
  }
}
