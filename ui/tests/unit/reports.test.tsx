import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { CoveragePage, SecretRow, VulnerabilityRow } from '../../src/bindings/more';
import { counted } from '../../src/shared/format';
import { open, recorded, refuse } from './window';

const RUN = recorded<{ run_id: string }>('reports').run_id;
const GAPS = recorded<CoveragePage>('coverage')
  .counts.filter((one) => one.gap)
  .reduce((sum, one) => sum + one.entries, 0);
const WORST = recorded<{ items: VulnerabilityRow[] }>('vulnerabilities').items[0];
const grid = (name: string) => screen.findByRole('grid', { name });
const UNSEEN = /[\u202a-\u202e\u2066-\u2069\u200b\u001b]/;

it('shows severity, score with vector, package, way in, fixed version, aliases and tools', async () => {
  const { user } = await open('/reports');
  const list = await grid('Vulnerability');
  expect((await within(list).findAllByText(WORST?.id ?? ''))[0]).toBeTruthy();
  list.focus();
  await user.keyboard('{Enter}');
  const drawer = await screen.findByRole('complementary', { name: /Vulnerability, 1/ });
  for (const words of [
    'critical',
    '9.8',
    WORST?.score?.vector,
    WORST?.package.purl,
    WORST?.fixed_versions.join(', '),
    WORST?.aliases.find((alias) => alias.startsWith('GHSA-')),
    'osv-scanner',
    WORST?.path[0]?.replace(/^pkg:npm\//, ''),
  ])
    expect(drawer.textContent, words).toContain(words);
});

it('says beside every report what was not scanned', async () => {
  await open(`/reports/${RUN}/licenses`);
  expect(await screen.findByText(`${counted(GAPS, 'gap')}: not all was scanned`)).toBeTruthy();
});

it('never takes a report that is not there for a clean one', async () => {
  await open(`/reports/${RUN}/secrets`, { search: 'clean' });
  expect(await screen.findByText('This scan left no such report')).toBeTruthy();
  expect(screen.queryByText('No secret was found')).toBeNull();
  expect(screen.getAllByText('no report').length).toBe(4);
});

it('never takes a report that cannot be read for a clean one', async () => {
  await open(`/reports/${RUN}/secrets`, { answers: { secrets: refuse('MEX-STORE-CORRUPT') } });
  expect(await screen.findByText('A stored document is damaged or gone')).toBeTruthy();
  expect(screen.queryByText('No secret was found')).toBeNull();
});

it('says that coverage is unknown where the ledger cannot be read', async () => {
  await open(`/reports/${RUN}/secrets`, { answers: { coverage: refuse('MEX-STORE-CORRUPT') } });
  expect(await screen.findByText('coverage unknown')).toBeTruthy();
  expect(screen.queryByText(/no gap/)).toBeNull();
});

it('shows UNKNOWN licences first, and all three statements side by side', async () => {
  const { user } = await open(`/reports/${RUN}/licenses`);
  const list = await grid('Licence');
  const first = (await within(list).findAllByRole('row'))[1];
  expect(first?.textContent).toContain('UNKNOWN');
  const groups = screen.getByRole('navigation', { name: 'By licence' });
  expect(within(groups).getAllByRole('button')[1]?.textContent).toContain('UNKNOWN');
  list.focus();
  await user.keyboard('{Enter}');
  const drawer = await screen.findByRole('complementary');
  for (const part of ['Declared', 'Detected', 'Concluded'])
    expect(within(drawer).getByRole('heading', { name: part })).toBeTruthy();
});

it('asks for a page at a time of 5,000 components and searches in the host', async () => {
  const { user, of } = await open(`/reports/${RUN}/components`, { search: 'rows=5000' });
  const list = await grid('Component');
  expect(list.getAttribute('aria-rowcount')).toBe('5001');
  expect(screen.getByText('5,000 components')).toBeTruthy();
  expect(of('components')).toHaveLength(1);
  await user.type(screen.getByLabelText('Search components'), 'tls-4999');
  expect(await screen.findByText('tls-4999')).toBeTruthy();
  expect(of('components').every((call) => Number(call.question['limit']) <= 500)).toBe(true);
  expect(of('components').at(-1)?.question['query']).toBe('tls-4999');
});

it('walks the tree of 5,000 components by keys, a level at a time', async () => {
  const { user, of } = await open(`/reports/${RUN}/components`, { search: 'rows=5000' });
  await user.click(await screen.findByRole('button', { name: 'Dependency tree' }));
  const tree = await screen.findByRole('tree', { name: 'Dependencies' });
  tree.focus();
  await user.keyboard('{ArrowRight}');
  await within(tree).findByText('util-1');
  await user.keyboard('{ArrowDown}{ArrowRight}');
  await within(tree).findByText('core-10');
  const items = within(tree).getAllByRole('treeitem');
  expect(items.length).toBeLessThan(60);
  expect(items[0]?.getAttribute('aria-expanded')).toBe('true');
  expect(items[2]?.getAttribute('aria-level')).toBe('3');
  expect(of('dependency_tree')).toHaveLength(3);
  await user.keyboard('{ArrowLeft}');
  expect(within(tree).queryByText('core-10')).toBeNull();
});

it('lists gaps before everything else', async () => {
  await open(`/reports/${RUN}/coverage`);
  const list = await grid('Coverage');
  const rows = await within(list).findAllByRole('row');
  expect(rows[1]?.textContent).toContain('not scanned');
  expect(rows.slice(1, 1 + GAPS).some((row) => row.textContent.includes('skipped'))).toBe(false);
  expect(rows[1 + GAPS]?.textContent).not.toContain('not scanned');
});

it.each(['vulnerabilities', 'licenses', 'secrets'])(
  'keeps hostile texts text in %s (P28)',
  async (kind) => {
    const { user, container } = await open(`/reports/${RUN}/${kind}`, { search: 'hostile' });
    const list = await screen.findByRole('grid');
    list.focus();
    for (let row = 0; row < 9; row += 1) {
      await user.keyboard('{Enter}{ArrowDown}');
      expect(container.querySelector('script, img, style, iframe, object')).toBeNull();
      expect(container.textContent).not.toMatch(UNSEEN);
    }
    expect(container.textContent).toContain('<script>');
    expect(document.title).toBe('Reports · mex');
  },
);

it('lets the host forget a report when its screen is left', async () => {
  const { of, unmount } = await open(`/reports/${RUN}/secrets`);
  await grid('Secret');
  unmount();
  expect(of('close_report')).toEqual([{ name: 'close_report', question: { run_id: RUN } }]);
});

it('never holds a secret, only its rule, its place and its fingerprint', async () => {
  const rows = recorded<{ items: SecretRow[] }>('secrets').items;
  expect(rows.length).toBeGreaterThan(0);
  const held = ['attributions', 'commit', 'end_line', 'fingerprint', 'in_name', 'lifted_by'];
  const places = ['path', 'problem', 'rule', 'start_line'];
  for (const row of rows) expect(Object.keys(row).sort()).toEqual([...held, ...places].sort());
  await open(`/reports/${RUN}/secrets`);
  expect(await within(await grid('Secret')).findByText(rows[0]?.rule ?? '')).toBeTruthy();
});

it('says tool, version, database with its date and sandbox on a scan and beside a report', async () => {
  for (const path of [`/scan/${RUN}`, `/reports/${RUN}/vulnerabilities`]) {
    const { unmount } = await open(path);
    await screen.findAllByText(/osv-scanner/);
    const said = screen.getByRole('main').textContent;
    for (const words of [/osv-scanner \d+\.\d+/, /npm \(osv\).{1,8}\d+ \w+ \d{4}/, /sandbox/i])
      expect(said, path).toMatch(words);
    unmount();
  }
});
