import config from './jest.config.js';

/** The AWS adapters on engines that speak the services' own protocols (dynoxide, fauxqs, aws-local-stepfunctions). */
export default { ...config, testMatch: ['<rootDir>/test/contract/aws*.test.ts'], testPathIgnorePatterns: ['/node_modules/', 'sandbox[^/]*\\.test\\.ts$'] };
