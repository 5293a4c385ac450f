// Nest 12 and some of its dependencies are ES modules, which jest cannot require: swc turns those (and only those) into
// CommonJS. See docs/adr/0001-nest-12-and-jest.md.
const { existsSync, readFileSync } = require('node:fs');
const { delimiter, join } = require('node:path');

const rootDir = join(__dirname, '..');
const settings = JSON.parse(readFileSync(join(rootDir, '.swcrc'), 'utf8'));
delete settings.$schema;
const { paths } = JSON.parse(readFileSync(join(rootDir, 'tsconfig.json'), 'utf8')).compilerOptions;
const aliases = Object.fromEntries(
  Object.entries(paths).map(([name, [target]]) => [`^${name}$`, `<rootDir>/${target.replace('./', '')}`]),
);
const esModules = [
  '@nestjs',
  'fast-check',
  'pure-rand',
  'file-type',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer',
  '@borewit',
  'load-esm',
  'cookie',
  'content-disposition',
  'es-toolkit',
  'uuid',
  'canonicalize',
  'mingo',
];

const project = (displayName, suffix, more = {}) => ({
  displayName,
  rootDir,
  roots: ['apps', 'libs', 'config', 'test'].map((folder) => `<rootDir>/${folder}`),
  testMatch: [`**/*.${suffix}-spec.ts`],
  testEnvironment: '<rootDir>/config/jest-environment.cjs',
  transform: { '^.+\\.(t|j|mj)s$': ['@swc/jest', { ...settings, swcrc: false, sourceMaps: 'inline' }] },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`],
  moduleNameMapper: {
    ...aliases,
    // It exports nothing to `require`.
    '^canonicalize$': '<rootDir>/node_modules/canonicalize/lib/canonicalize.js',
    '^(\\.{1,2}/(?!.*node_modules).*)\\.js$': ['$1.js', '$1'],
  },
  setupFiles: ['reflect-metadata'],
  ...more,
});

// Without servers the end-to-end tests run on the embedded stores alone, and say so once.
const isInPath = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
const hasServers = Boolean(process.env.MONGODB_URL) || (isInPath('java') && isInPath('mvn'));
const onServers = (displayName, mode) => {
  if (!hasServers && process.env.FAULTLINE_REQUIRE_SERVERS === '1') {
    throw new Error('MongoDB is required here: set MONGODB_URL, or install java and mvn');
  }
  if (!hasServers && process.env.JEST_WORKER_ID === undefined) {
    process.stdout.write(`${displayName}: did not run: there is neither MONGODB_URL nor java and mvn\n`);
  }
  const testMatch = hasServers ? {} : { testMatch: ['**/none'] };
  return project(displayName, 'e2e', { globals: { faultlineMode: mode }, ...testMatch });
};

module.exports = {
  rootDir,
  // A crash test kills a process again and again, and machines differ.
  testTimeout: 300_000,
  projects: [
    project('unit', 'unit'),
    project('contract', 'contract'),
    project('e2e', 'e2e', { globals: { faultlineMode: 'embedded' } }),
    // The same, on a gateway and two projectors as processes of their own, with EventStoreDB and MongoDB.
    onServers('e2e-production', 'production'),
    // The same again, while each of these processes is killed and started again every few seconds.
    onServers('e2e-mortal', 'mortal'),
    project('crash', 'crash'),
  ],
};
