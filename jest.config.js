// LanceDB reads them from the environment that the process was started with; a test has a copy. What they are for: shared/search/env.ts.
process.env.LANCE_CPU_THREADS ??= '32';
process.env.LANCE_FTS_NUM_SHARDS ??= '1';

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'esnext', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }] },
  // A loaded machine must not fail a test: what waits, waits for a condition with a patience of its own.
  testTimeout: 120_000,
  // Most of a test's time is waiting for processes; jest's own choice on two cores would be one worker.
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/support/longest-first.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // These need engines that exist for Linux on x64 alone, or Debian packages: npm run test:aws, test:cloud, test:sandbox.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/contract/aws', '<rootDir>/test/cloud/', '<rootDir>/test/sandbox/', 'sandbox[^/]*\\.test\\.ts$', '/code-interpreter[^/]*\\.test\\.ts$'],
};
