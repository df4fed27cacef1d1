import { describe, expect, it } from '@jest/globals';
import { UPLOAD_PATTERNS, isUploadPath } from '../../../functions/upload/routes.ts';
import { stages } from '../../../infra/stages.ts';
import { asText, outputs, resources, templatesOf } from '../synthesized.ts';

const { uploads } = templatesOf(stages.prod);

describe('the uploads stack of prod', () => {
  if (!uploads) throw new Error('prod has one');
  const [[, front] = ['', undefined]] = resources(uploads, 'AWS::CloudFront::Distribution');
  const config = front?.Properties['DistributionConfig'] as { CacheBehaviors: Record<string, unknown>[]; DefaultCacheBehavior: Record<string, unknown>; Origins: Record<string, unknown>[] };

  it('has uploads taken by the web function, and everything else by the REST API', () => {
    const originOf = (id: unknown) => asText(config.Origins.find(({ Id }) => Id === id)?.['DomainName']);
    expect(config.CacheBehaviors.map(({ PathPattern, TargetOriginId }) => [PathPattern, originOf(TargetOriginId).replace(/[0-9A-F]{8}/, '')])).toEqual(UPLOAD_PATTERNS.map((pattern) => [pattern, '<UploadFnEndpoint.DomainName>']));
    expect(originOf(config.DefaultCacheBehavior['TargetOriginId'])).toMatch(/^<threadkeep-prod-service:\w+>\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>$/);
  });

  it('caches nothing, passes on all that was sent, and speaks TLS alone', () => {
    for (const behavior of [...config.CacheBehaviors, config.DefaultCacheBehavior]) {
      // CloudFront's own policies: CachingDisabled, AllViewerExceptHostHeader.
      expect(behavior).toMatchObject({ CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad', OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac', ViewerProtocolPolicy: 'https-only', Compress: false });
      expect(behavior['AllowedMethods']).toContain('POST');
    }
    for (const origin of config.Origins) expect(origin).toMatchObject({ CustomOriginConfig: { OriginProtocolPolicy: 'https-only', OriginReadTimeout: 120 } });
  });

  it('shows the web function a secret, which nobody else is shown', () => {
    const shown = config.Origins.map(({ OriginCustomHeaders }) => asText((OriginCustomHeaders as { HeaderValue: unknown }[] | undefined)?.[0]?.HeaderValue ?? 'nothing'));
    expect(shown).toEqual(['nothing', expect.stringMatching(/^\{\{resolve:secretsmanager:<Origin\w+>:SecretString:::\}\}$/)]);
  });

  it('says what clients take for the base URL', () => {
    expect(asText((outputs(uploads)['BaseUrl'] as { Value: unknown }).Value)).toMatch(/^https:\/\/<Front\w+\.DomainName>\/v1$/);
  });
});

it('there is none where the stage takes what the gateway takes, and no more', () => {
  expect(templatesOf(stages.dev).uploads).toBeUndefined();
});

it('the function takes what the distribution sends it, and nothing else', () => {
  expect(['/v1/files', '/v1/uploads/upload_1/parts'].filter(isUploadPath)).toHaveLength(2);
  expect(['/v1/files/', '/v1/files/file-1', '/v1/uploads', '/v1/uploads/upload_1', '/v1/uploads/a/b/parts', '/v1/threads', '/healthz'].filter(isUploadPath)).toEqual([]);
});
