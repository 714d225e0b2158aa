// Pictures of every screen, light and dark, from the recorded scan: `docs/screens/NAME-THEME.png`.
// A folder can be named in place of docs/screens.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLACES, show } from '../tests/browser/places.mjs';
import { open } from './window.mjs';

const folder = resolve(
  process.argv[2] ?? fileURLToPath(new URL('../../docs/screens', import.meta.url)),
);
mkdirSync(folder, { recursive: true });

const browser = await open();
const faults = [];
try {
  for (const theme of ['light', 'dark']) {
    for (const place of PLACES) {
      const page = await show(browser, place, { theme });
      await page.screenshot({ path: `${folder}/${place[0]}-${theme}.png` });
      faults.push(...page.faults.map((fault) => `${place[0]}, ${theme}: ${fault}`));
      await page.context().close();
    }
  }
} finally {
  await browser.close();
}
console.log(`${PLACES.length * 2} pictures in ${folder}`);
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exitCode = 1;
}
