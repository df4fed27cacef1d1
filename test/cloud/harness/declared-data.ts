/** What a stack declares to be kept, read strictly: tables, buckets, secrets. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { Stack } from './stack.ts';

const KeySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
type KeySchema = z.infer<typeof KeySchema>;

const Table = z.object({
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  BillingMode: z.literal('PAY_PER_REQUEST'),
  KeySchema,
  GlobalSecondaryIndexes: z.array(z.strictObject({ IndexName: z.string(), KeySchema, Projection: z.strictObject({ ProjectionType: z.enum(['ALL', 'KEYS_ONLY']) }) })),
  SSESpecification: z.strictObject({ SSEEnabled: z.literal(true), SSEType: z.literal('KMS'), KMSMasterKeyId: z.string() }),
  StreamSpecification: z.strictObject({ StreamViewType: z.enum(['OLD_IMAGE', 'NEW_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY']) }),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.literal(true) }),
});

export interface DeclaredTable {
  id: string;
  name: string;
  arn: string;
  create: CreateTableCommandInput;
  /** The table's own partition key, and each index's. */
  hashKey: string;
  indexes: Record<string, string>;
  timeToLive: string;
  kmsKeyArn: string;
}

const hashOf = (schema: KeySchema): string => schema.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '';

export function tablesOf(stack: Stack): DeclaredTable[] {
  return stack.all('AWS::DynamoDB::Table').map(([id, properties]) => {
    const { AttributeDefinitions, BillingMode, KeySchema: keySchema, GlobalSecondaryIndexes, SSESpecification, StreamSpecification, TimeToLiveSpecification } = Table.parse(properties);
    const name = stack.ref(id);
    return {
      id,
      name,
      arn: stack.attribute(id, 'Arn'),
      create: { TableName: name, AttributeDefinitions, BillingMode, KeySchema: keySchema, GlobalSecondaryIndexes, StreamSpecification: { StreamEnabled: true, ...StreamSpecification } },
      hashKey: hashOf(keySchema),
      indexes: Object.fromEntries(GlobalSecondaryIndexes.map((index) => [index.IndexName, hashOf(index.KeySchema)])),
      timeToLive: TimeToLiveSpecification.AttributeName,
      kmsKeyArn: SSESpecification.KMSMasterKeyId,
    };
  });
}

const Encryption = z.strictObject({
  ServerSideEncryptionConfiguration: z.tuple([
    z.strictObject({
      BucketKeyEnabled: z.boolean().optional(),
      ServerSideEncryptionByDefault: z.discriminatedUnion('SSEAlgorithm', [
        z.strictObject({ SSEAlgorithm: z.literal('AES256') }),
        z.strictObject({ SSEAlgorithm: z.literal('aws:kms'), KMSMasterKeyID: z.string() }),
      ]),
    }),
  ]),
});

const Bucket = z.object({ BucketEncryption: Encryption });

export interface DeclaredBucket {
  id: string;
  name: string;
  arn: string;
  /** Absent where S3 encrypts with keys of its own. */
  kmsKeyArn?: string;
}

export function bucketsOf(stack: Stack): DeclaredBucket[] {
  return stack.all('AWS::S3::Bucket').map(([id, properties]) => {
    const { BucketEncryption } = Bucket.parse(properties);
    const [{ ServerSideEncryptionByDefault: by }] = BucketEncryption.ServerSideEncryptionConfiguration;
    const kms = by.SSEAlgorithm === 'aws:kms' ? { kmsKeyArn: by.KMSMasterKeyID } : {};
    return { id, name: stack.ref(id), arn: stack.attribute(id, 'Arn'), ...kms };
  });
}

const Secret = z.object({ KmsKeyId: z.string(), GenerateSecretString: z.strictObject({ ExcludePunctuation: z.boolean().optional(), PasswordLength: z.int().optional() }) });

export interface DeclaredSecret {
  arn: string;
  kmsKeyArn: string;
}

export const secretsOf = (stack: Stack): DeclaredSecret[] =>
  stack.all('AWS::SecretsManager::Secret').map(([id, properties]) => ({ arn: stack.ref(id), kmsKeyArn: Secret.parse(properties).KmsKeyId }));
