// One task in a fresh window, by keyboard alone; no pointer anywhere.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open } from '../../scripts/window.mjs';

let browser;

/** Opens the browser before the tests of a file, and closes it after them. */
export function withBrowser() {
  before(async () => (browser = await open()));
  after(() => browser.close());
  return { page: (...how) => browser.page(...how) };
}

/** `run(page, press)`; nothing may fail in the page meanwhile. */
export function task(name, hash, run, search = '') {
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
