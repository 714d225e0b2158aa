// Every screen, with what has to be true of its address; one list for axe, shots and trouble.
import { readFileSync } from 'node:fs';

export const read = (name) =>
  JSON.parse(readFileSync(new URL(`../../recording/${name}.json`, import.meta.url), 'utf8'));

const scans = read('scans')[0].answer.items;
const problems = read('problems')[0].answer.items;
const gates = read('gates');
const events = read('events')[0].answer.items;
const artifacts = read('artifact');

/** How many problems are on record, how many of them are open, and how many of these pass a test. */
export const TOTAL = problems.length;
export const open = (test = () => true) =>
  problems.filter((row) => row.problem.status === 'open' && test(row)).length;
export const OPEN = open();

export const LAST_SCAN = scans[0].run_id;
/** A scan of which a job failed. */
export const FAILED = read('scan').find((one) =>
  one.answer.jobs.some((job) => job.state === 'ended' && job.status === 'failed'),
).question.id;
export const PROBLEM = problems.find((row) => row.file !== null).problem.fingerprint;
export const PACKAGE_PROBLEM = problems.find((row) => row.purl !== null).problem.fingerprint;
export const ATTEMPT = gates.at(-1).question.id;
export const DENIED = gates.find((one) =>
  one.answer.rows.some((row) => row.before.outcome === 'DENY'),
)?.question.id;

export const EVENT = events.find((one) => one.event.payload.kind === 'scan_ended').event.event_id;
export const ARTIFACT = artifacts.find((one) => one.answer.sidecars[0]?.provenance !== null)
  .question.id;

/** `[name, hash, options]`. */
export const PLACES = [
  ['welcome', '/home', { search: 'first' }],
  ['home', '/home', {}],
  ['scans', '/scan', {}],
  ['scan', `/scan/${LAST_SCAN}`, {}],
  ['scan-retry', `/scan/${FAILED}`, { keys: ['s', 'r'] }],
  ['take-in', '/home', { search: 'drop=report' }],
  ['scanning', '/home', { scanning: true }],
  ['problems', '/problems', {}],
  ['problems-evidence', '/problems', { keys: ['F8', 'F8'] }],
  ['problems-groups', '/problems', { kept: { 'problems.group': 'job' } }],
  ['problem', `/problem/${PACKAGE_PROBLEM}`, {}],
  ['gates', '/gates', {}],
  ['gates-attempt', `/gates/${DENIED ?? ATTEMPT}`, {}],
  ['reports', '/reports', { open: 'Vulnerability' }],
  ['reports-sbom', `/reports/${LAST_SCAN}/components`, { search: 'rows=5000' }],
  [
    'reports-tree',
    `/reports/${LAST_SCAN}/components`,
    { search: 'rows=5000', kept: { 'reports.sbom': 'tree' }, tree: true },
  ],
  ['reports-licences', `/reports/${LAST_SCAN}/licenses`, {}],
  ['reports-licence', `/reports/${LAST_SCAN}/licenses`, { open: 'Licence' }],
  ['reports-secrets', `/reports/${LAST_SCAN}/secrets`, { open: 'Secret' }],
  ['reports-coverage', `/reports/${LAST_SCAN}/coverage`, {}],
  ['exceptions', '/exceptions', { open: 'Exceptions' }],
  ['exceptions-add', '/exceptions', { keys: ['n'] }],
  ['exceptions-impact', '/exceptions', { impact: true }],
  ['exceptions-proposals', '/exceptions?tab=proposals', {}],
  ['timeline', '/timeline', {}],
  ['timeline-event', `/timeline/${EVENT}`, {}],
  ['timeline-verify', '/timeline', { keys: ['v'] }],
  ['artifacts', '/artifacts', {}],
  ['artifact', `/artifacts/${ARTIFACT}`, {}],
  ['registry', '/registry', { open: 'Capabilities' }],
  ['registry-draft', '/registry/draft', {}],
  ['registry-fields', '/registry/draft', { kept: { 'registry.diff': 'fields' } }],
  ['registry-text', '/registry/draft', { kept: { 'registry.diff': 'text' } }],
  ['registry-changed', '/registry/draft', { search: 'redraft=1', says: 'no longer the draft' }],
  ['registry-versions', '/registry/versions', {}],
  ['tools', '/tools', {}],
  ['tools-fetch', '/tools', { keys: ['f'] }],
  ['consents', '/consents', {}],
  ['consents-grant', '/consents', { keys: ['n'] }],
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
  if (options.open !== undefined) {
    await page.getByRole('grid').first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary').last().waitFor();
  }
  if (options.tree === true) {
    await page.getByRole('tree').focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight']) {
      await page.keyboard.press(key);
      await page.waitForTimeout(100);
    }
  }
  if (options.impact === true) {
    await page.keyboard.press('n');
    await page.getByLabel('Why').fill('the affected call is not reachable');
    await page.getByRole('button', { name: 'Show what it would hide' }).click();
    await page.getByRole('button', { name: 'Accept and save' }).waitFor();
  }
  if (options.says !== undefined) await page.getByText(options.says).first().waitFor();
  for (const key of options.keys ?? []) {
    await page.waitForTimeout(100);
    await page.keyboard.press(key);
  }
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
  await page.waitForTimeout(100);
  return page;
}
