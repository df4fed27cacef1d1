/** What must outlive every other part: records, their large contents, the key that both are encrypted with, the model's key. */
import { Aws, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { TABLE } from '../../shared/aws/schema.ts';
import { explain } from '../constructs/explain.ts';
import type { Stage } from '../stages.ts';

export class DataStack extends Stack {
  readonly key: Key;
  readonly table: Table;
  readonly blobs: Bucket;
  /** The bucket's ARN under a name of its own, for policies that name what is in it. */
  readonly blobsArn: string;
  readonly blobsExport: string;
  /** Holds the model's key once somebody has put it there; absent for providers that need none. */
  readonly modelSecret: Secret | undefined;

  constructor(scope: Construct, id: string, { stage, ...props }: StackProps & { stage: Stage }) {
    super(scope, id, { terminationProtection: stage.protectData, ...props });
    this.key = makeKey(this, stage);
    this.table = makeTable(this, stage, this.key);
    this.blobs = makeBucket(this, stage, this.key);
    this.blobsExport = `${this.stackName}:BlobsArn`;
    this.blobsArn = this.exportValue(this.blobs.bucketArn, { name: this.blobsExport });
    this.modelSecret = stage.model.provider === 'openai' ? makeSecret(this, this.key) : undefined;
  }
}

function makeKey(scope: Construct, stage: Stage): Key {
  const key = new Key(scope, 'Key', {
    description: `Threadkeep ${stage.name}: records, large contents, logs`,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const mayUse = (sid: string, principal: ServicePrincipal, conditions: Record<string, Record<string, string>>) =>
    key.addToResourcePolicy(
      new PolicyStatement({ sid, principals: [principal], actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'], resources: ['*'], conditions }),
    );
  // Services that act for the account and not for one of its roles: log groups, and alarms that tell an encrypted topic.
  mayUse('Logs', new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`), {
    ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:log-group:*` },
  });
  mayUse('Alarms', new ServicePrincipal('cloudwatch.amazonaws.com'), { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } });
  return key;
}

/** The items that live in it are mapped in shared/aws/schema.ts. */
function makeTable(scope: Construct, stage: Stage, key: Key): Table {
  const { index } = TABLE;
  const string = (name: string) => ({ name, type: AttributeType.STRING });
  const table = new Table(scope, 'Records', {
    partitionKey: string(TABLE.partitionKey),
    sortKey: string(TABLE.sortKey),
    timeToLiveAttribute: TABLE.timeToLive,
    // The thread reaper needs what was removed, webhooks will need what was written.
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey: key,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: stage.recoveryDays },
    deletionProtection: stage.protectData,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  table.addGlobalSecondaryIndex({ indexName: index.name, partitionKey: string(index.partitionKey), sortKey: string(index.sortKey), projectionType: ProjectionType.KEYS_ONLY });
  return table;
}

function makeBucket(scope: Construct, stage: Stage, key: Key): Bucket {
  const shared = { blockPublicAccess: BlockPublicAccess.BLOCK_ALL, enforceSSL: true, minimumTLSVersion: 1.2, objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED, removalPolicy: RemovalPolicy.RETAIN };
  const accessLogs = new Bucket(scope, 'BlobAccessLogs', {
    ...shared,
    // S3 writes its access logs under keys of its own alone.
    encryption: BucketEncryption.S3_MANAGED,
    lifecycleRules: [{ expiration: Duration.days(90), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
  });
  return new Bucket(scope, 'Blobs', {
    ...shared,
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    // A table restored to an earlier moment must find the contents that its records had then: versions are kept as far back.
    versioned: true,
    lifecycleRules: [
      { noncurrentVersionExpiration: Duration.days(stage.recoveryDays), expiredObjectDeleteMarker: true, abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
    serverAccessLogsBucket: accessLogs,
    serverAccessLogsPrefix: 'blobs/',
  });
}

function makeSecret(scope: Construct, key: Key): Secret {
  const secret = new Secret(scope, 'ModelKey', {
    description: 'The API key of the model behind Threadkeep. Made with a random value that no provider knows: put yours in its place.',
    encryptionKey: key,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  explain(secret, { 'AwsSolutions-SMG4': 'The key belongs to a provider outside AWS; only its owner can make another and put it here.' });
  return secret;
}
