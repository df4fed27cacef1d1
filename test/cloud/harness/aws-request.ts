/** Reads an HTTP request to AWS: which service, which operation, and what it needs to be allowed to do. Throws on what it does not know. */
import type { IncomingHttpHeaders } from 'node:http';
import { asking, type Known, member, queueAt, text, unknown, usingKey } from './aws-asking.ts';
import { readAgentCore } from './aws-request-agentcore.ts';
import { askedOfDynamodb, askedOfStreams } from './aws-request-dynamodb.ts';
import { readS3 } from './aws-request-s3.ts';
import type { Asked } from './iam.ts';
import type { Secrets } from './secrets.ts';

export type Service = 'dynamodb' | 'dynamodbstreams' | 'lambda' | 'sqs' | 's3' | 'states' | 'secretsmanager' | 'agentcore';

export interface AwsRequest {
  service: Service;
  operation: string;
  /** What the operation was given; for S3 `Bucket` and `Key`. */
  input: Record<string, unknown>;
  asked: Asked[];
}

export interface RawRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const TARGETS: Record<string, Service> = {
  DynamoDB_20120810: 'dynamodb',
  DynamoDBStreams_20120810: 'dynamodbstreams',
  AmazonSQS: 'sqs',
  AWSStepFunctions: 'states',
  secretsmanager: 'secretsmanager',
};

/** These say what they are asked in their paths; a signature names its service. */
const SIGNED_FOR = /Credential=[^/]+\/\d+\/[^/]+\/(lambda|bedrock-agentcore)\//;

/** Undefined for a service that this front does not have. */
export function serviceOf(headers: IncomingHttpHeaders): Service | undefined {
  const target = headers['x-amz-target'];
  if (target === undefined) return bySignature(headers.authorization);
  const prefix = String(target).split('.')[0] ?? '';
  return Object.hasOwn(TARGETS, prefix) ? TARGETS[prefix] : undefined;
}

function bySignature(authorization = ''): Service {
  const [, signedFor] = SIGNED_FOR.exec(authorization) ?? [];
  if (signedFor === undefined) return 's3';
  return signedFor === 'lambda' ? 'lambda' : 'agentcore';
}

export function readRequest(raw: RawRequest, known: Known): AwsRequest {
  const service = serviceOf(raw.headers);
  if (!service) throw unknown(`the service of ${String(raw.headers['x-amz-target'])}`);
  if (service === 's3') return { service, ...readS3(raw, known.buckets) };
  if (service === 'lambda') return { service, ...readLambda(raw) };
  if (service === 'agentcore') return { service, ...readAgentCore(raw, known.interpreters) };
  const operation = String(raw.headers['x-amz-target']).split('.').slice(1).join('.');
  const input = JSON.parse(raw.body.toString()) as Record<string, unknown>;
  return { service, operation, input, asked: askedOf(service, operation, input, known) };
}

/** A function is called and waited for; its input is `Payload`, parsed. */
function readLambda({ method, url, headers, body }: RawRequest): Omit<AwsRequest, 'service'> {
  const [, name = ''] = /^\/2015-03-31\/functions\/([^/?]+)\/invocations$/.exec(url) ?? [];
  const FunctionName = decodeURIComponent(name);
  if (method !== 'POST' || !FunctionName.startsWith('arn:') || headers['x-amz-invocation-type'] !== 'RequestResponse') throw unknown(`lambda: ${method} ${url} ${String(headers['x-amz-invocation-type'])}`);
  return { operation: 'Invoke', input: { FunctionName, Payload: JSON.parse(body.toString()) as unknown }, asked: [asking('lambda:InvokeFunction', FunctionName)] };
}

function askedOf(service: Exclude<Service, 'agentcore' | 'lambda' | 's3'>, operation: string, input: Record<string, unknown>, known: Known): Asked[] {
  switch (service) {
    case 'dynamodb':
      return askedOfDynamodb(operation, input, known.tables);
    case 'dynamodbstreams':
      return askedOfStreams(operation, input, known.tables);
    case 'sqs':
      return [asking(sqsAction(operation), queueAt(text(input, 'QueueUrl'), known.queues).arn)];
    case 'states':
      return [asking(`states:${operation}`, text(input, member(STATES, operation)))];
    case 'secretsmanager':
      return askedOfSecret(operation, input, known.secrets);
  }
}

/** Each batch asks for what its single ones would. */
const SQS = new Map(
  ['SendMessage', 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes'].flatMap((name): [string, string][] => [
    [name, name],
    ...(/^(Send|Delete|Change)/.test(name) ? [[`${name}Batch`, name] as [string, string]] : []),
  ]),
);
/** The field that names what is acted on. */
const STATES = new Map([
  ['StartExecution', 'stateMachineArn'],
  ['StopExecution', 'executionArn'],
]);

const sqsAction = (operation: string): string => `sqs:${member(SQS, operation)}`;

function askedOfSecret(operation: string, input: Record<string, unknown>, secrets: Secrets): Asked[] {
  if (operation !== 'GetSecretValue') throw unknown(`secretsmanager:${operation}`);
  const id = text(input, 'SecretId');
  const secret = secrets.find(id);
  if (!secret && !id.startsWith('arn:')) throw unknown(`the secret ${id}`);
  const use = secret?.kmsKeyArn === undefined ? [] : [usingKey('kms:Decrypt', secret.kmsKeyArn, 'secretsmanager')];
  return [asking('secretsmanager:GetSecretValue', secret?.arn ?? id), ...use];
}
