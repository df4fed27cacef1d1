import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { stages } from '../../../infra/stages.ts';
import { everyStage, resources, templatesOf } from '../synthesized.ts';

describe.each(everyStage)('the data stack of $name', (stage) => {
  const { data } = templatesOf(stage);

  it('keeps all that it holds when the stack is deleted', () => {
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret']) {
      for (const [, { DeletionPolicy }] of resources(data, type)) expect(DeletionPolicy).toBe('Retain');
    }
  });

  it('has one table, which forgets by itself, tells of it, and can be restored', () => {
    expect(resources(data, 'AWS::DynamoDB::Table')).toHaveLength(1);
    data.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: stage.recoveryDays },
      DeletionProtectionEnabled: stage.protectData,
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
    });
  });

  it('indexes keys alone, so that changes of a record do not write to the index', () => {
    data.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'RANGE' }],
      GlobalSecondaryIndexes: [
        { IndexName: 'list', KeySchema: [{ AttributeName: 'lpk', KeyType: 'HASH' }, { AttributeName: 'lsk', KeyType: 'RANGE' }], Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
    });
  });

  it('keeps large contents encrypted, private, and restorable as far back as the table', () => {
    data.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: Match.anyValue() } }] },
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: [Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: stage.recoveryDays }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } })],
      },
      LoggingConfiguration: Match.objectLike({ DestinationBucketName: Match.anyValue() }),
    });
  });

  it('lets no bucket be public or spoken to without TLS', () => {
    const buckets = resources(data, 'AWS::S3::Bucket');
    for (const [, { Properties }] of buckets) {
      expect(Properties['PublicAccessBlockConfiguration']).toEqual({ BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true });
    }
    const policies = resources(data, 'AWS::S3::BucketPolicy');
    expect(policies.map(([, { Properties }]) => Properties['Bucket'])).toEqual(expect.arrayContaining(buckets.map(([id]) => ({ Ref: id }))));
    for (const [, { Properties }] of policies) {
      expect(Properties['PolicyDocument']).toMatchObject({
        Statement: expect.arrayContaining([
          expect.objectContaining({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          expect.objectContaining({ Effect: 'Deny', Action: 's3:*', Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } }),
        ]) as unknown,
      });
    }
  });

  it('turns its key over every year', () => {
    data.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });
});

it('holds a secret for the model’s key only where a model wants one', () => {
  expect(resources(templatesOf(stages.dev).data, 'AWS::SecretsManager::Secret')).toHaveLength(0);
  expect(resources(templatesOf(stages.prod).data, 'AWS::SecretsManager::Secret')).toHaveLength(1);
});

it('protects the data of every stage but dev', () => {
  expect(everyStage.filter(({ protectData }) => !protectData).map(({ name }) => name)).toEqual(['dev']);
});
