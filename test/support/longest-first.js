/** Begins suites that take long before the others, or the last of them would have one of the machine's processors for itself. */

/** Roughly by their time, measured on two cores; a suite that is not here takes less. */
const LONGEST = [
  ...['cloud/openai-7', 'cloud/code-interpreter', 'cloud/code-sessions', 'cloud/crash-polled', 'cloud/openai-6', 'cloud/openai-5', 'cloud/openai-4', 'cloud/crash-waiting', 'cloud/crash-streamed', 'cloud/crash-permissions', 'cloud/tool-endpoints', 'cloud/dead-letters', 'cloud/histories'],
  ...['crash/vector-stores', 'infra/bundles', 'crash/exports', 'crash/tool-endpoints', 'e2e/openai-7', 'e2e/user-start', 'crash/run-polled', 'e2e/webhook-warnings', 'e2e/webhook-fairness', 'e2e/tool-endpoint-management', 'e2e/openai-6', 'crash/files'],
  ...['e2e/code-interpreter', 'crash/code-interpreter', 'contract/embedded-sandbox', 'contract/aws-sandbox', 'sandbox/limits', 'sandbox/pandas', 'sandbox/channel'],
  'contract/aws',
];

const rank = ({ path }) => {
  const at = LONGEST.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  return at === -1 ? LONGEST.length : at;
};

export default class LongestFirst {
  sort = (tests) => [...tests].sort((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path));
  allFailedTests = (tests) => tests;
  cacheResults() {}
}
