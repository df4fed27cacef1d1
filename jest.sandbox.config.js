import config from './jest.config.js';

/** What needs Python in its sandbox: Linux with Debian's bubblewrap, python3-pandas and python3-matplotlib. Where they are missing it fails and says so. */
export default {
  ...config,
  testMatch: ['<rootDir>/test/sandbox/*.test.ts', '<rootDir>/test/contract/*sandbox*.test.ts', '<rootDir>/test/{e2e,crash}/code-interpreter*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/sandbox/require-packages.js',
};
