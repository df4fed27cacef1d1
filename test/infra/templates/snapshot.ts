/** Everything that would be deployed. A change here is one that an operator should read before it is made: `npm test -- -u` takes it. */
import { expect, it } from '@jest/globals';
import { stages } from '../../../infra/stages.ts';
import { templatesOf } from '../synthesized.ts';

/** Without what changes with the code and not with the infrastructure; a deployment is named after a digest of its methods. */
const masked = (template: object): unknown =>
  JSON.parse(
    JSON.stringify(template)
      .replaceAll(/"(S3Key|SourceObjectKey)":"[^"]+"/g, '"$1":"HASH.zip"')
      .replaceAll(/"ContentHash":"\w+"/g, '"ContentHash":"HASH"')
      .replaceAll(/(Deployment[0-9A-F]{8})[0-9a-f]{32}/g, '$1HASH'),
  );

it.each(['data', 'service', 'uploads'] as const)('the %s stack', (stack) => {
  expect(masked(templatesOf(stages.prod)[stack]?.toJSON() ?? {})).toMatchSnapshot();
});
