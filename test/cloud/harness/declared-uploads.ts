/** The distribution and the web function that a stack declares, read strictly. */
import * as z from 'zod';
import type { Stack } from './stack.ts';

const Revision = z.strictObject({
  BuildConfig: z.strictObject({ CodeConfig: z.strictObject({ S3Object: z.strictObject({ Bucket: z.string(), Key: z.string(), VersionId: z.string() }) }), RuntimeConfig: z.strictObject({ Runtime: z.literal('nodejs24.x') }) }),
  FunctionName: z.string(),
  ServiceConfig: z.strictObject({
    EnvironmentVariables: z.record(z.string(), z.string()),
    ExecutionRoleArn: z.string(),
    MaxConcurrencyPerEnvironment: z.int(),
    TelemetryConfig: z.unknown(),
    TimeoutSeconds: z.int(),
  }),
});

const Endpoint = z.strictObject({
  AuthType: z.literal('ApplicationManaged'),
  EndpointName: z.string(),
  EndpointType: z.literal('HomeRegion'),
  FunctionName: z.string(),
  RevisionWeights: z.tuple([z.strictObject({ RevisionId: z.string(), Weight: z.literal(100) })]),
});

const Copy = z.looseObject({ SourceObjectKey: z.string() });

/** Managed policies of CloudFront's: nothing is cached, and all that the viewer sent is passed on but for `Host`. */
const NOT_CACHED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const ALL_BUT_HOST = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

const behavior = {
  AllowedMethods: z.array(z.string()).length(7),
  CachePolicyId: z.literal(NOT_CACHED),
  Compress: z.literal(false),
  OriginRequestPolicyId: z.literal(ALL_BUT_HOST),
  TargetOriginId: z.string(),
  ViewerProtocolPolicy: z.literal('https-only'),
};

const Distribution = z.strictObject({
  Tags: z.unknown(),
  DistributionConfig: z.strictObject({
    CacheBehaviors: z.array(z.strictObject({ ...behavior, PathPattern: z.string() })),
    Comment: z.string(),
    DefaultCacheBehavior: z.strictObject(behavior),
    Enabled: z.literal(true),
    HttpVersion: z.string(),
    IPV6Enabled: z.boolean(),
    Origins: z.array(
      z.strictObject({
        Id: z.string(),
        DomainName: z.string(),
        OriginPath: z.string().default(''),
        CustomOriginConfig: z.strictObject({ OriginProtocolPolicy: z.literal('https-only'), OriginReadTimeout: z.int(), OriginSSLProtocols: z.tuple([z.literal('TLSv1.2')]) }),
        OriginCustomHeaders: z.array(z.strictObject({ HeaderName: z.string(), HeaderValue: z.string() })).default([]),
      }),
    ),
  }),
});

export interface DeclaredOrigin {
  domainName: string;
  path: string;
  headers: Record<string, string>;
}

export interface DeclaredUploads {
  id: string;
  s3Key: string;
  environment: Record<string, string>;
  roleId: string;
  /** Of the function's endpoint. */
  domainName: string;
  /** In the order in which they are tried; the last is for everything. */
  behaviors: { pattern: string; origin: DeclaredOrigin }[];
}

/** `secret`: what dynamic references to secrets come to, by ARN. */
export function uploadsOf(stack: Stack, secret: (arn: string) => string): DeclaredUploads {
  const [functionId, revision, endpoint, distribution, copy] = ['WebFunction', 'WebFunctionRevision', 'WebFunctionEndpoint'].map((type) => only(stack, `AWS::Lambda::${type}`)).concat([only(stack, 'AWS::CloudFront::Distribution'), only(stack, 'Custom::S3ObjectCopy')]) as [Found, Found, Found, Found, Found];
  const { ServiceConfig: config } = Revision.parse(revision.properties);
  const { RevisionWeights: [{ RevisionId }] } = Endpoint.parse(endpoint.properties);
  if (RevisionId !== stack.attribute(revision.id, 'RevisionId')) throw new Error('the endpoint leads to another revision');
  const { DistributionConfig: front } = Distribution.parse(distribution.properties);
  const originOf = (target: string): DeclaredOrigin => {
    const found = front.Origins.find(({ Id }) => Id === target);
    if (!found) throw new Error(`there is no origin ${target}`);
    const headers = Object.fromEntries(found.OriginCustomHeaders.map(({ HeaderName, HeaderValue }) => [HeaderName, HeaderValue.replace(/^\{\{resolve:secretsmanager:(.+):SecretString:::\}\}$/, (_, arn: string) => secret(arn))]));
    return { domainName: found.DomainName, path: found.OriginPath, headers };
  };
  return {
    id: functionId.id.replace('FnFunction', 'Fn'),
    s3Key: Copy.parse(copy.properties).SourceObjectKey,
    environment: config.EnvironmentVariables,
    roleId: stack.idOf('AWS::IAM::Role', 'Arn', config.ExecutionRoleArn),
    domainName: stack.attribute(endpoint.id, 'DomainName'),
    behaviors: [...front.CacheBehaviors.map(({ PathPattern, TargetOriginId }) => ({ pattern: PathPattern, origin: originOf(TargetOriginId) })), { pattern: '*', origin: originOf(front.DefaultCacheBehavior.TargetOriginId) }],
  };
}

interface Found {
  id: string;
  properties: unknown;
}

function only(stack: Stack, type: string): Found {
  const [[id, properties] = ['', undefined], ...others] = stack.all(type);
  if (id === '' || others.length > 0) throw new Error(`the harness understands one ${type}`);
  return { id, properties };
}
