import config from './jest.config.js';

/** The stacks as they were synthesized, deployed on engines that speak AWS's own protocols: test/cloud/harness. */
export default {
  ...config,
  testMatch: ['<rootDir>/test/cloud/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/cloud/harness/global-setup.js',
};
