// Who may import whom: app → domains → {shared, backend} → bindings; one importer of the desktop's API.
const DOMAINS =
  'home|scan|problems|gates|reports|exceptions|registry|recorder|artifacts|tools|consents|settings';

module.exports = {
  forbidden: [
    {
      name: 'one-importer-of-the-desktop',
      severity: 'error',
      comment: 'only src/backend speaks to the window; everything else runs in any browser',
      from: { pathNot: '^src/backend/' },
      to: { path: 'node_modules/@tauri-apps' },
    },
    {
      name: 'no-import-across-domains',
      severity: 'error',
      from: { path: `^src/(${DOMAINS})/` },
      to: { path: `^src/(${DOMAINS})/`, pathNot: '^src/$1/' },
    },
    {
      name: 'the-app-is-on-top',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(app/|main\\.tsx$)' },
      to: { path: '^src/(app/|main\\.tsx$)' },
    },
    {
      name: 'what-is-shared-knows-no-domain',
      severity: 'error',
      from: { path: '^src/(shared|backend|bindings)/' },
      to: { path: `^src/(${DOMAINS})/` },
    },
    {
      name: 'bindings-are-types-alone',
      severity: 'error',
      from: { path: '^src/bindings/' },
      to: { pathNot: '^src/bindings/' },
    },
    {
      name: 'recordings-are-for-the-recorded-backend',
      severity: 'error',
      from: { pathNot: '^src/backend/recorded' },
      to: { path: '^recording/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unknown-module',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^#backend$' },
    },
    {
      name: 'nothing-of-development-ships',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.tsx?$' },
      to: { dependencyTypes: ['npm-dev'], pathNot: ['vite/client', 'node_modules/@types/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'types'],
    },
  },
};
