// The direction of dependencies, checked by `npm run boundaries`: kernel <- ports <- runtimes <- contexts <- read models and imports
// <- read side <- apps.
const lib = (names) => `^libs/(${names.join('|')})/`;
const ports = ['event-store', 'read-store', 'key-store', 'blob-store'];
const runtimes = ['commands', 'projections', 'migration'];
const contexts = ['incidents', 'organisation', 'catalog', 'security'];
const models = ['read-models', 'reports', 'imports'];

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'kernel-stands-alone',
      severity: 'error',
      from: { path: lib(['kernel']) },
      to: { path: '^(libs/(?!kernel/)|apps/|config/)' },
    },
    {
      name: 'ports-know-the-kernel-only',
      severity: 'error',
      from: { path: `^libs/(${ports.join('|')})/` },
      to: {
        path: `^libs/(?!(kernel|lmdb-files|mongodb-client)/)([^/]+)/|^apps/`,
        pathNot: ports.map((name) => `^libs/${name}/`),
      },
    },
    {
      name: 'runtimes-know-no-context',
      severity: 'error',
      from: { path: lib(runtimes) },
      to: { path: [lib([...contexts, ...models]), '^apps/'] },
    },
    ...contexts.map((name) => ({
      name: `context-${name}-knows-no-other`,
      severity: 'error',
      from: { path: lib([name]) },
      to: { path: [lib([...contexts.filter((other) => other !== name), ...models]), '^apps/'] },
    })),
    {
      name: 'domain-imports-only-the-kernel',
      severity: 'error',
      from: { path: '^libs/[^/]+/src/domain/', pathNot: '-spec\\.ts$' },
      to: { path: ['^libs/(?!kernel/)', 'node_modules'], pathNot: '^libs/[^/]+/src/domain/' },
    },
    {
      name: 'lmdb-files-stand-alone',
      severity: 'error',
      from: { path: lib(['lmdb-files']) },
      to: { path: '^(libs/(?!lmdb-files/)|apps/|config/)' },
    },
    {
      name: 'mongodb-client-knows-the-kernel-only',
      severity: 'error',
      from: { path: lib(['mongodb-client']) },
      to: { path: '^(libs/(?!(kernel|mongodb-client)/)|apps/|config/)' },
    },
    {
      name: 'models-know-no-read-side',
      severity: 'error',
      from: { path: lib([...contexts, ...models, ...runtimes]) },
      to: { path: lib(['read-side']) },
    },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'other-libs-by-their-index',
      severity: 'error',
      from: { path: '^(libs|apps)/([^/]+)/' },
      to: { path: '^libs/([^/]+)/src/.+', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^$1/$2/'] },
    },
    {
      name: 'lmdb-only-in-its-adapters',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['/lmdb/', '-spec\\.ts$'] },
      to: { path: 'node_modules/lmdb' },
    },
    {
      name: 'mongodb-only-in-its-adapters',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '/mongodb/' },
      to: { path: 'node_modules/mongodb/' },
    },
    {
      name: 'eventstoredb-client-in-one-file',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '/eventstoredb/eventstoredb\\.driver\\.ts$' },
      to: { path: 'node_modules/@eventstore/' },
    },
    {
      name: 'mingo-only-in-the-embedded-read-store',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/read-store/' },
      to: { path: 'node_modules/mingo' },
    },
    {
      name: 'product-imports-no-test',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['-spec\\.ts$', '^libs/[^/]+/src/testing/'] },
      to: { path: ['^test/', '-spec\\.ts$', '^libs/[^/]+/src/testing/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
