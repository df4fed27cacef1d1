/** For tests of the front itself: engines with one of each resource, one function, and the policies that a test gives it. */
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { AgentCore } from '../../support/engines/agentcore.ts';
import type { AwsEngines, AwsResources } from '../../support/engines/aws-engines.ts';
import { type Clients, makeClients } from '../../../shared/aws/clients.ts';
import { systemClock } from '../../../shared/domain/clock.ts';
import { AwsFront } from './aws-front.ts';
import type { PolicyDocument, Statement } from './iam.ts';
import { Secrets } from './secrets.ts';

export const KEY = 'arn:aws:kms:us-east-1:000000000000:key/1';
export const SECRET = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:model-AbCdEf';

export const INTERPRETER = { id: 'code-Ab12Cd34Ef', arn: 'arn:aws:bedrock-agentcore:us-east-1:000000000000:code-interpreter-custom/code-Ab12Cd34Ef' };

export interface FrontStage {
  front: AwsFront;
  resources: AwsResources;
  /** ARNs. */
  table: string;
  stream: string;
  bucket: string;
  queue: string;
  queueUrl: string;
  execution: string;
  /** What the one function, `Fn`, may do from now on. */
  permit(...statements: Omit<Statement, 'Effect'>[]): void;
  /** The policy of the queue and the bucket. */
  guard(...statements: Statement[]): void;
  /** Of an environment of the function, unless another name is given. */
  clients(principal?: string): Clients;
  close(): Promise<void>;
}

const policy = (...statements: Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement: statements });

export async function openFront(engines: AwsEngines): Promise<FrontStage> {
  const resources = await engines.makeResources(async () => undefined);
  // Kept under keys of S3's own, unlike the first.
  await engines.hands.s3.send(new CreateBucketCommand({ Bucket: `${resources.bucket}-plain` }));
  const [table, queue, stream] = [`arn:aws:dynamodb:us-east-1:000000000000:table/${resources.table}`, `arn:aws:sqs:us-east-1:000000000000:${resources.queue}`, await streamOf(engines, resources.table)];
  const [bucket, plain] = [resources.bucket, `${resources.bucket}-plain`].map((name) => ({ name, arn: `arn:aws:s3:::${name}` })) as [{ name: string; arn: string }, { name: string; arn: string }];
  const agentcore = await AgentCore.start({ clock: systemClock });
  const opened: Clients[] = [];
  let ofRole = policy();
  let ofResources = policy();
  const front = await AwsFront.start({
    engines: { db: engines.dynoxide.endpoint, sqs: engines.fauxqs.endpoint, s3: engines.fauxqs.endpoint, sfn: engines.machines.endpoint, agentcore: agentcore.endpoint },
    tables: [{ name: resources.table, arn: table, hashKey: 'pk', indexes: { list: 'lpk' }, streamArn: stream, kmsKeyArn: KEY }],
    buckets: [{ ...bucket, kmsKeyArn: KEY }, plain],
    queues: [{ name: resources.queue, arn: queue, url: resources.queueUrl }],
    functions: [],
    interpreters: [INTERPRETER],
    secrets: new Secrets([{ arn: SECRET, value: 'sk-1', kmsKeyArn: KEY }]),
    policiesOf: (functionId) => (functionId === 'Fn' ? [ofRole] : undefined),
    resourcePolicies: (arn) => ([queue, bucket.arn].includes(arn) ? [ofResources] : []),
  });
  return {
    front,
    resources,
    table,
    stream,
    bucket: bucket.arn,
    queue,
    queueUrl: `${front.endpoint}/000000000000/${resources.queue}`,
    execution: resources.stateMachineArn.replace(':stateMachine:', ':execution:'),
    permit: (...statements) => void (ofRole = policy(...statements.map((statement): Statement => ({ Effect: 'Allow', ...statement })))),
    guard: (...statements) => void (ofResources = policy(...statements)),
    clients(principal = 'Fn.1') {
      const { endpoint: at } = front;
      const clients = makeClients({ region: 'us-east-1', credentials: { accessKeyId: principal, secretAccessKey: 'secret' }, endpoints: { db: at, sqs: at, s3: at, sfn: at, secrets: at, agentcore: at } });
      opened.push(clients);
      return clients;
    },
    async close() {
      for (const clients of opened) for (const client of Object.values(clients)) (client as { destroy(): void }).destroy();
      await front.close();
      await agentcore[Symbol.asyncDispose]();
      await engines.removeResources(resources);
    },
  };
}

/** By hand: the client for streams is a package that nothing else needs. */
export async function askStreams(endpoint: string, principal: string, action: string, body: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { 'x-amz-target': `DynamoDBStreams_20120810.${action}`, 'content-type': 'application/x-amz-json-1.0', authorization: `AWS4-HMAC-SHA256 Credential=${principal}/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0`, 'x-amz-date': '20260101T000000Z' };
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function streamOf({ dynoxide }: AwsEngines, TableName: string): Promise<string> {
  const { body } = await askStreams(dynoxide.endpoint, 'test', 'ListStreams', { TableName });
  return (body['Streams'] as { StreamArn: string }[])[0]?.StreamArn ?? '';
}
