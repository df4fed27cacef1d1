/** One base URL for requests of any size: a distribution that has uploads taken by a web function, and passes everything else on to the REST API. */
import { type CfnElement, CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AllowedMethods, type BehaviorOptions, CachePolicy, Distribution, OriginRequestPolicy, ViewerProtocolPolicy } from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ORIGIN_HEADER } from '../../functions/upload/env.ts';
import { UPLOAD_PATTERNS } from '../../functions/upload/routes.ts';
import { explain } from '../constructs/explain.ts';
import { readSecret, recordAccess, whyRecordAccess } from '../constructs/permissions.ts';
import { UploadServer } from '../constructs/upload-server.ts';
import type { Stage as Settings } from '../stages.ts';
import { runVariables } from '../variables.ts';
import type { DataStack } from './data-stack.ts';
import type { ServiceStack } from './service-stack.ts';

/** CloudFront's longest without asking AWS for more. Streams send something more often. */
const LONGEST_SILENCE = Duration.seconds(120);

export class UploadsStack extends Stack {
  constructor(scope: Construct, id: string, { stage, data, service, ...props }: StackProps & { stage: Settings; data: DataStack; service: ServiceStack }) {
    super(scope, id, props);
    const { key, table, blobs } = data;
    const store = { table, key, blobsArn: data.blobsArn, blobsExport: data.blobsExport };
    const secret = new Secret(this, 'Origin', {
      description: 'What the distribution shows to the function that takes uploads',
      encryptionKey: key,
      generateSecretString: { excludePunctuation: true, passwordLength: 48 },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    explain(secret, { 'AwsSolutions-SMG4': 'The distribution learns it in a deployment: one that turned it over by itself would lock the distribution out.' });

    const server = new UploadServer(this, 'Upload', {
      stage,
      key,
      // By name: what copies the function's code takes no other references to another stack.
      environment: { TABLE_NAME: data.exportValue(table.tableName), BLOB_BUCKET: data.exportValue(blobs.bucketName), ...runVariables(stage), ORIGIN_SECRET_ARN: secret.secretArn, CORS_ORIGINS: stage.corsOrigins.join(',') || undefined },
      timeout: Duration.minutes(15),
      permissions: [
        ...recordAccess(store, { get: ['B', 'I', 'K', 'U'], list: ['B'], put: ['B', 'I', 'U'], delete: ['U'], check: ['U'], blobs: ['Get', 'Put', 'Delete'], files: ['Get', 'Put'] }),
        ...readSecret(secret, key),
      ],
      explanations: whyRecordAccess(store),
    });

    const usual = {
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      // Each origin knows itself by its own name alone.
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      compress: false,
    } satisfies Partial<BehaviorOptions>;
    const api = new HttpOrigin(service.apiDomain, { originPath: `/${stage.name}`, readTimeout: LONGEST_SILENCE });
    const uploads = new HttpOrigin(server.domainName, {
      readTimeout: LONGEST_SILENCE,
      customHeaders: { [ORIGIN_HEADER]: Fn.join('', ['{{resolve:secretsmanager:', secret.secretArn, ':SecretString:::}}']) },
    });
    const distribution = new Distribution(this, 'Front', {
      comment: `Threadkeep ${stage.name}`,
      defaultBehavior: { ...usual, origin: api },
      additionalBehaviors: Object.fromEntries(UPLOAD_PATTERNS.map((pattern) => [pattern, { ...usual, origin: uploads }])),
    });
    explainCopying(this);
    explain(distribution, {
      'AwsSolutions-CFR1': 'Who may call is for API keys to say, not for countries.',
      'AwsSolutions-CFR2': 'A web ACL costs more at rest than all else here together. Docs say how to put one in front.',
      'AwsSolutions-CFR3': 'The API logs each request that it gets, and the upload function its failures; a second log would hold the same.',
      'AwsSolutions-CFR4': 'With CloudFront’s own domain the certificate, and with it the least version of TLS, is CloudFront’s.',
    });
    new CfnOutput(this, 'BaseUrl', { description: 'What clients take for the base URL, so that files of any size can be uploaded', value: `https://${distribution.distributionDomainName}/v1` });
  }
}

/** What the CDK makes to put a web function's code where Lambda reads it. */
function explainCopying(stack: Stack): void {
  const ofCdk = 'It is the CDK’s own, made for deployments alone: it copies the code of the function, and nothing here can set it.';
  const isCopier = (id: string) => id.startsWith('Custom::S3ObjectCopy');
  for (const copier of stack.node.children.filter(({ node }) => isCopier(node.id))) {
    explain(copier, {
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]': ofCdk,
      'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*]': ofCdk,
      'AwsSolutions-IAM5[Action::s3:Abort*]': ofCdk,
      'AwsSolutions-IAM5[Action::s3:DeleteObject*]': ofCdk,
      [`AwsSolutions-IAM5[Resource::<${codeBucketId(stack)}.Arn>/web-function/*]`]: ofCdk,
      'Serverless-LambdaDefaultMemorySize': ofCdk,
      'Serverless-LambdaDLQ': ofCdk,
      'Serverless-LambdaTracing': ofCdk,
    });
  }
  explain(codeBucket(stack), { 'AwsSolutions-S1': 'It holds the function’s code, which Lambda alone reads.' });
}

const codeBucket = (stack: Stack) => stack.node.findChild('AWSCDKWebFunctionAssetBucket');
const codeBucketId = (stack: Stack): string => stack.getLogicalId(codeBucket(stack).node.defaultChild as CfnElement);
