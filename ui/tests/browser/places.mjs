// Every screen, with what has to be true of its address; one list for axe, shots and trouble.
import { readFileSync } from 'node:fs';

const read = (name) =>
  JSON.parse(readFileSync(new URL(`../../recording/${name}.json`, import.meta.url), 'utf8'));

const scans = read('scans')[0].answer.items;
const problems = read('problems')[0].answer.items;
const gates = read('gates');

export const LAST_SCAN = scans[0].run_id;
export const PROBLEM = problems.find((row) => row.file !== null).problem.fingerprint;
export const PACKAGE_PROBLEM = problems.find((row) => row.purl !== null).problem.fingerprint;
export const ATTEMPT = gates.at(-1).question.id;
export const DENIED = gates.find((one) =>
  one.answer.rows.some((row) => row.before.outcome === 'DENY'),
)?.question.id;

/** `[name, hash, options]`. */
export const PLACES = [
  ['welcome', '/home', { search: 'first' }],
  ['home', '/home', {}],
  ['scans', '/scan', {}],
  ['scan', `/scan/${LAST_SCAN}`, {}],
  ['scanning', '/home', { scanning: true }],
  ['problems', '/problems', {}],
  ['problems-evidence', '/problems', { keys: ['F8', 'F8'] }],
  ['problems-groups', '/problems', { kept: { 'problems.group': 'job' } }],
  ['problem', `/problem/${PACKAGE_PROBLEM}`, {}],
  ['gates', '/gates', {}],
  ['gates-attempt', `/gates/${DENIED ?? ATTEMPT}`, {}],
  ['reports', '/reports', {}],
  ['exceptions', '/exceptions', {}],
  ['timeline', '/timeline', {}],
  ['artifacts', '/artifacts', {}],
  ['registry', '/registry', {}],
  ['tools', '/tools', {}],
  ['consents', '/consents', {}],
  ['settings', '/settings', {}],
  ['lost', '/lost?uri=mex%3A%2F%2Fproblem%2F0000', {}],
  ['palette', '/home', { keys: ['Control+k'] }],
  ['shortcuts', '/problems', { keys: ['Shift+?'] }],
];

/** Opens one of them as its options ask. */
export async function show(browser, [, hash, options], how = {}) {
  const search = [
    options.search,
    options.kept && `kept=${encodeURIComponent(JSON.stringify(options.kept))}`,
    how.search,
  ]
    .filter(Boolean)
    .join('&');
  const page = await browser.page(hash, { ...how, search });
  if (options.scanning) {
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Scanning' }).waitFor();
    await page.waitForTimeout(700);
  }
  for (const key of options.keys ?? []) {
    await page.waitForTimeout(100);
    await page.keyboard.press(key);
  }
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
  await page.waitForTimeout(100);
  return page;
}
