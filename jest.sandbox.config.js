import config from './jest.config.js';

/** Python in its sandbox, for code_interpreter, which is still to come: nothing uses it yet. Needs Debian's bubblewrap, python3-pandas and python3-matplotlib. */
export default { ...config, testMatch: ['<rootDir>/test/sandbox/*.test.ts', '<rootDir>/test/contract/*sandbox*.test.ts'], testPathIgnorePatterns: ['/node_modules/'] };
