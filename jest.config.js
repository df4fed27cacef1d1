export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'esnext', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }] },
  // A loaded machine must not fail a test: what waits, waits for a condition with a patience of its own.
  testTimeout: 120_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
};
