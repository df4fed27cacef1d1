import { expect, test } from '@jest/globals';
import { openai7 } from './clients/openai-7.ts';
import { toolEndpointManagement } from './scenarios/tool-endpoint-management.ts';
import { useStage } from './stage.ts';

const use = useStage(openai7);
toolEndpointManagement(use);

test('a Lambda function is for a server on AWS', async () => {
  const refused = await use().http('POST', '/tool_endpoints', { body: { name: 'a', lambda_arn: 'arn:aws:lambda:eu-west-1:123456789012:function:f' }, unchecked: true });
  const error = { message: "'lambda_arn' is for a server that runs on AWS. Give a 'url' here.", type: 'invalid_request_error', param: 'lambda_arn', code: 'unsupported_parameter' };
  expect([refused.status, refused.body]).toEqual([400, { error }]);
});
