/** What functions may do to each part, as exact actions on exact resources. Whoever passes them on explains what is left open. */
import { Aws } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { TABLE } from '../../shared/aws/schema.ts';
import type { ModelChoice } from '../stages.ts';
import { allow } from './service-function.ts';

/** The letters that primary keys begin with (shared/aws/schema.ts): a policy can be held to them, so no function reaches further than its job. */
export type Records = 'A' | 'B' | 'D' | 'E' | 'F' | 'I' | 'K' | 'P' | 'T' | 'U' | 'V' | 'W';

const only = (records: Records[]) => ({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': records.map((letter) => `${letter}#*`) } });

/** Where large contents are put (shared/aws/bodies.ts). */
export const BLOB_PREFIX = 'bodies/';
/** Where exported histories are (shared/histories/renderers.ts). */
export const EXPORT_PREFIX = 'exports/';
/** Where the contents of files are that clients have uploaded. */
export const FILE_PREFIX = 'files/';
/** Where the search index is (shared/aws/own-index.ts). */
export const INDEX_PREFIX = 'index/';

const VERBS = { Get: 's3:GetObject', Put: 's3:PutObject', Delete: 's3:DeleteObject', Abort: 's3:AbortMultipartUpload' };
type Verb = keyof typeof VERBS;

export interface Data {
  table: ITable;
  blobsArn: string;
  /** Under which the data stack exports it. */
  blobsExport: string;
  key: IKey;
}

/** What a function does with which records. */
export interface Access {
  /** Reads one. */
  get?: Records[];
  /** Reads those that live together, page by page. */
  page?: Records[];
  /** Finds those that live apart through the index. */
  list?: Records[];
  put?: Records[];
  delete?: Records[];
  /** Changes others only as long as these stay as they are. */
  check?: Records[];
  /** And with the large contents that have left their records. */
  blobs?: Exclude<Verb, 'Abort'>[];
  /** And with exported histories. What is put in parts may have to be taken back. */
  exports?: Verb[];
  /** And with files of clients, likewise. */
  files?: Verb[];
  /** And with the search index, likewise. */
  index?: Verb[];
}

export function recordAccess({ table, blobsArn, key }: Data, access: Access): PolicyStatement[] {
  const { get, page, list, put, delete: remove, check } = access;
  const contents = contentAccess(access);
  const on = (records: Records[] | undefined, actions: string[], resource = table.tableArn) => (records ? [allow(actions, [resource], only(records))] : []);
  return [
    ...on(get, ['dynamodb:GetItem']),
    ...on(page, ['dynamodb:Query']),
    ...on(list, ['dynamodb:Query'], `${table.tableArn}/index/${TABLE.index.name}`),
    ...on(list, ['dynamodb:BatchGetItem']),
    ...on(put, ['dynamodb:PutItem']),
    ...on(remove, ['dynamodb:DeleteItem']),
    ...on(check, ['dynamodb:ConditionCheckItem']),
    ...inBucket(blobsArn, contents),
    useKey(key, ['dynamodb', ...(contents.length > 0 ? ['s3'] : [])]),
  ];
}

/** What a function does that has the search index and knows of no records. */
export const indexAccess = ({ blobsArn, key }: Data, verbs: Verb[]): PolicyStatement[] => [...inBucket(blobsArn, contentAccess({ index: verbs })), useKey(key, ['s3'])];

type Contents = [prefix: string, verbs: Verb[]][];

const contentAccess = ({ blobs, exports, files, index }: Access): Contents => {
  const all: [string, Verb[] | undefined][] = [[BLOB_PREFIX, blobs], [EXPORT_PREFIX, exports], [FILE_PREFIX, files], [INDEX_PREFIX, index]];
  return all.flatMap(([prefix, verbs]): Contents => (verbs ? [[prefix, verbs]] : []));
};

const inBucket = (blobsArn: string, contents: Contents): PolicyStatement[] => [
  ...contents.map(([prefix, verbs]) => allow(verbs.map((verb) => VERBS[verb]), [`${blobsArn}/${prefix}*`])),
  // Without it S3 answers 403, not 404, for what is not there; and an index is found by listing it.
  ...(contents.some(([prefix, verbs]) => verbs.includes('Get') || prefix === INDEX_PREFIX) ? [allow(['s3:ListBucket'], [blobsArn])] : []),
];

/** The key, as the services that keep data under it use it in the caller's name. */
const useKey = (key: IKey, services: string[]): PolicyStatement =>
  allow(['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'], [key.keyArn], {
    StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${Aws.REGION}.amazonaws.com`) },
  });

/** Functions that projects may name for tools to be answered by: exactly these. */
export const callTools = (arns: readonly string[]): PolicyStatement[] => (arns.length === 0 ? [] : [allow(['lambda:InvokeFunction'], [...arns])]);

/** The function that searches, for those that have not the index themselves. */
export const search = (fn: IFunction): PolicyStatement => allow(['lambda:InvokeFunction'], [fn.functionArn]);

export const sendJobs = (queue: IQueue): PolicyStatement => allow(['sqs:SendMessage'], [queue.queueArn]);

export const readSecret = (secret: ISecret, key: IKey): PolicyStatement[] => [
  allow(['secretsmanager:GetSecretValue'], [secret.secretArn]),
  allow(['kms:Decrypt'], [key.keyArn], { StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com` } }),
];

export function callModel(model: ModelChoice, secret: ISecret | undefined, key: IKey): PolicyStatement[] {
  switch (model.provider) {
    case 'demo':
      return [];
    case 'openai':
      if (!secret) throw new Error('the data stack made no secret for the model');
      return readSecret(secret, key);
    case 'bedrock':
      return [allow(['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'], model.modelIds.flatMap((id) => bedrockArns(id, model.region)))];
  }
}

/** The ids of inference profiles begin with a geography; what follows is the model's own id. */
const PROFILE = /^(?:us|us-gov|eu|apac|jp|au|ca|global)\./;

/** Models are named alike in every account. A profile is this account's, and calls the model in whichever region has room. */
function bedrockArns(id: string, region: string = Aws.REGION): string[] {
  if (!PROFILE.test(id)) return [modelArn(id, region)];
  return [`arn:${Aws.PARTITION}:bedrock:${region}:${Aws.ACCOUNT_ID}:inference-profile/${id}`, modelArn(id.replace(PROFILE, ''), '*')];
}

const modelArn = (id: string, region: string): string => `arn:${Aws.PARTITION}:bedrock:${region}::foundation-model/${id}`;

/** Why a statement of `callModel` has a star in it. */
export function whyModel(model: ModelChoice): Record<string, string> {
  const profiles = model.provider === 'bedrock' ? model.modelIds.filter((id) => PROFILE.test(id)) : [];
  return Object.fromEntries(
    profiles.map((id) => [
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:bedrock:*::foundation-model/${id.replace(PROFILE, '')}]`,
      'Bedrock chooses the region among those of the profile, and asks for the right to call this one model there.',
    ]),
  );
}

/** Why a statement of `recordAccess` ends in a star. */
export const whyRecordAccess = ({ blobsExport }: Data): Record<string, string> => ({
  [`AwsSolutions-IAM5[Resource::${blobsExport}/${BLOB_PREFIX}*]`]: 'A large content is one object, made with its record; their keys cannot be known before.',
  [`AwsSolutions-IAM5[Resource::${blobsExport}/${EXPORT_PREFIX}*]`]: 'An exported history is one object, made when somebody asks for it; their keys cannot be known before.',
  [`AwsSolutions-IAM5[Resource::${blobsExport}/${FILE_PREFIX}*]`]: 'A file is one object or several, made when somebody uploads it; their keys cannot be known before.',
  [`AwsSolutions-IAM5[Resource::${blobsExport}/${INDEX_PREFIX}*]`]: 'A vector store’s index is many objects, of which only LanceDB knows the keys.',
});
