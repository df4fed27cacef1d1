/** The front between Lambdas and the engines: with the services' own clients, what is allowed passes and what is not is refused in the service's words. */
import { BatchGetItemCommand, DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand, ScanCommand, TransactWriteItemsCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { ListExecutionsCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { ChangeMessageVisibilityCommand, DeleteMessageCommand, GetQueueAttributesCommand, ListQueuesCommand, PurgeQueueCommand, ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clients } from '../../shared/aws/clients.ts';
import { useEngines } from '../contract/aws-stage.ts';
import { askStreams, type FrontStage, KEY, openFront, SECRET } from './harness/aws-front-stage.ts';

const engines = useEngines();
let stage: FrontStage;
let clients: Clients;

beforeEach(async () => {
  stage = await openFront(await engines());
  clients = stage.clients();
});
afterEach(() => stage.close());

/** What came of it: the error's name as the client gives it, or `ok`. */
const outcome = (work: Promise<unknown>): Promise<string> => work.then(() => 'ok', (error: Error) => error.name);

const viaDynamodb = { Action: 'kms:Decrypt', Resource: KEY, Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' } } };
const item = (pk: string, sk = '#') => ({ pk: { S: pk }, sk: { S: sk } });
const only = (...keys: string[]) => ({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } });

describe('DynamoDB', () => {
  const asks: [string, string, (table: string, pk: string) => Promise<unknown>][] = [
    ['GetItem', 'GetItem', (TableName, pk) => clients.db.send(new GetItemCommand({ TableName, Key: item(pk) }))],
    ['PutItem', 'PutItem', (TableName, pk) => clients.db.send(new PutItemCommand({ TableName, Item: item(pk) }))],
    ['DeleteItem', 'DeleteItem', (TableName, pk) => clients.db.send(new DeleteItemCommand({ TableName, Key: item(pk) }))],
    ['UpdateItem', 'UpdateItem', (TableName, pk) => clients.db.send(new UpdateItemCommand({ TableName, Key: item(pk), UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': { S: 'a' } } }))],
    ['Query', 'Query', (TableName, pk) => clients.db.send(new QueryCommand({ TableName, KeyConditionExpression: '#k = :k AND sk >= :s', ExpressionAttributeNames: { '#k': 'pk' }, ExpressionAttributeValues: { ':k': { S: pk }, ':s': { S: 'a' } } }))],
    ['BatchGetItem', 'BatchGetItem', (table, pk) => clients.db.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: [item('T#1'), item(pk)] } } }))],
    ['a put in a transaction', 'PutItem', (TableName, pk) => clients.db.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: item('T#1') } }, { Put: { TableName, Item: item(pk, 'x') } }] }))],
    ['a deletion in one', 'DeleteItem', (TableName, pk) => clients.db.send(new TransactWriteItemsCommand({ TransactItems: [{ Delete: { TableName, Key: item(pk) } }] }))],
    ['an update in one', 'UpdateItem', (TableName, pk) => clients.db.send(new TransactWriteItemsCommand({ TransactItems: [{ Update: { TableName, Key: item(pk), UpdateExpression: 'REMOVE a' } }] }))],
    ['a check in one', 'ConditionCheckItem', (TableName, pk) => clients.db.send(new TransactWriteItemsCommand({ TransactItems: [{ ConditionCheck: { TableName, Key: item(pk), ConditionExpression: 'attribute_not_exists(a)' } }] }))],
  ];

  it.each(asks)('%s needs dynamodb:%s for the partitions that it names, and the key', async (_, action, ask) => {
    const own = { Action: `dynamodb:${action}`, Resource: stage.table, Condition: only('T#*') };
    stage.permit(own, viaDynamodb);
    expect(await outcome(ask(stage.resources.table, 'T#2'))).toBe('ok');
    expect(stage.front.violations).toEqual([]);

    expect(await outcome(ask(stage.resources.table, 'K#2'))).toBe('AccessDeniedException');
    stage.permit(own);
    expect(await outcome(ask(stage.resources.table, 'T#2'))).toBe('AccessDeniedException');
    stage.permit({ ...own, Action: 'dynamodb:Scan' }, viaDynamodb);
    expect(await outcome(ask(stage.resources.table, 'T#2'))).toBe('AccessDeniedException');
    stage.permit({ ...own, Resource: `${stage.table}/index/list` }, viaDynamodb);
    expect(await outcome(ask(stage.resources.table, 'T#2'))).toBe('AccessDeniedException');
    expect(stage.front.violations).toHaveLength(4);
    expect(stage.front.violations[0]).toContain(`Fn.1 dynamodb:${action} on ${stage.table}`);
    expect(stage.front.violations[1]).toContain(`Fn.1 kms:Decrypt on ${KEY}`);
  });

  it('a query of an index needs the index and its own partition key', async () => {
    stage.permit({ Action: 'dynamodb:Query', Resource: `${stage.table}/index/list`, Condition: only('T#*') }, viaDynamodb);
    const query = (KeyConditionExpression: string, lpk: string) => clients.db.send(new QueryCommand({ TableName: stage.resources.table, IndexName: 'list', KeyConditionExpression, ExpressionAttributeValues: { ':lpk': { S: lpk } } }));
    expect([await outcome(query('lpk = :lpk', 'T#1')), await outcome(query('lpk = :lpk', 'A#1'))]).toEqual(['ok', 'AccessDeniedException']);
    expect(await outcome(query('pk = :lpk', 'T#1'))).toBe('NotUnderstoodByTheTest');
  });

  it('gives the caller the engine’s own errors', async () => {
    stage.permit({ Action: 'dynamodb:PutItem', Resource: stage.table }, viaDynamodb);
    const put = () => clients.db.send(new PutItemCommand({ TableName: stage.resources.table, Item: item('T#1'), ConditionExpression: 'attribute_not_exists(pk)' }));
    expect([await outcome(put()), await outcome(put())]).toEqual(['ok', 'ConditionalCheckFailedException']);
    expect(stage.front.violations).toEqual([]);
  });
});

it('streams need their own permissions, and the table’s key to read records', async () => {
  const ask = (action: string, body: object) => askStreams(stage.front.endpoint, 'Fn.mapping', action, body);
  stage.permit({ Action: 'dynamodb:ListStreams', Resource: '*' }, { Action: ['dynamodb:DescribeStream', 'dynamodb:GetShardIterator', 'dynamodb:GetRecords'], Resource: stage.stream }, { Action: 'kms:Decrypt', Resource: KEY });
  expect((await ask('ListStreams', { TableName: stage.resources.table })).status).toBe(200);
  const { body } = await ask('DescribeStream', { StreamArn: stage.stream });
  const { Shards } = body['StreamDescription'] as { Shards: { ShardId: string }[] };
  const { body: given } = await ask('GetShardIterator', { StreamArn: stage.stream, ShardId: Shards[0]?.ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  const next = await ask('GetRecords', given);
  expect(next.status).toBe(200);
  expect((await ask('GetRecords', { ShardIterator: next.body['NextShardIterator'] })).status).toBe(200);
  expect(stage.front.violations).toEqual([]);

  stage.permit({ Action: ['dynamodb:GetRecords'], Resource: stage.stream });
  expect(await ask('GetRecords', given)).toMatchObject({ status: 400, body: { __type: 'com.amazon.coral.service#AccessDeniedException' } });
  stage.permit({ Action: '*', Resource: KEY });
  for (const [action, input] of [['GetRecords', given], ['ListStreams', {}], ['DescribeStream', { StreamArn: stage.stream }], ['GetShardIterator', { StreamArn: stage.stream }]] as const) expect((await ask(action, input)).status).toBe(400);
  expect(stage.front.violations).toHaveLength(5);
});

describe('SQS', () => {
  it('each operation needs its own permission, a batch that of the single one', async () => {
    const { queueUrl: QueueUrl, queue } = stage;
    const send = () => clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
    stage.permit({ Action: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], Resource: queue });
    await send();
    await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: '1', MessageBody: 'two' }] }));
    const { Messages = [] } = await clients.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    expect(Messages.map(({ Body }) => Body).sort()).toEqual(['one', 'two']);
    const { ReceiptHandle } = Messages[0] ?? {};
    const rest = [
      () => clients.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 60 })),
      () => clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
      () => clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] })),
      () => clients.sqs.send(new ReceiveMessageCommand({ QueueUrl })),
      send,
    ];
    for (const ask of rest) await ask();
    expect(stage.front.violations).toEqual([]);

    stage.permit({ Action: 'sqs:PurgeQueue', Resource: queue });
    for (const ask of rest) expect(await outcome(ask())).toBe('AccessDenied');
    expect(stage.front.violations).toHaveLength(5);
  });

  it('a queue’s own policy can deny what the role may', async () => {
    const send = () => clients.sqs.send(new SendMessageCommand({ QueueUrl: stage.queueUrl, MessageBody: 'x' }));
    stage.permit({ Action: 'sqs:SendMessage', Resource: stage.queue });
    stage.guard({ Effect: 'Deny', Action: 'sqs:*', Principal: { AWS: '*' }, Resource: stage.queue, Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    expect(await outcome(send())).toBe('ok');
    stage.guard({ Effect: 'Deny', Action: 'sqs:*', Principal: { AWS: '*' }, Resource: stage.queue, Condition: { Bool: { 'aws:SecureTransport': 'true' } } });
    expect(await outcome(send())).toBe('AccessDenied');
  });
});

it('Step Functions: starting needs the machine, stopping the execution', async () => {
  const { stateMachineArn } = stage.resources;
  const start = () => clients.sfn.send(new StartExecutionCommand({ stateMachineArn, name: 'run_1', input: JSON.stringify({ dueAt: '2100-01-01T00:00:00Z' }) }));
  const stop = () => clients.sfn.send(new StopExecutionCommand({ executionArn: `${stage.execution}:run_1` }));
  stage.permit({ Action: 'states:StartExecution', Resource: stateMachineArn }, { Action: 'states:StopExecution', Resource: `${stage.execution}:*` });
  expect([await outcome(start()), await outcome(stop())]).toEqual(['ok', 'ok']);
  expect(stage.front.violations).toEqual([]);
  stage.permit({ Action: 'states:*', Resource: `${stateMachineArn}x` });
  expect([await outcome(start()), await outcome(stop())]).toEqual(['AccessDeniedException', 'AccessDeniedException']);
  expect(stage.front.violations).toHaveLength(2);
});

it('a secret needs its own permission and that for its key, as this service uses it', async () => {
  const get = (SecretId: string) => clients.secrets.send(new GetSecretValueCommand({ SecretId }));
  const read = { Action: 'secretsmanager:GetSecretValue', Resource: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:*' };
  stage.permit(read, { ...viaDynamodb, Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } } });
  expect(await get(SECRET)).toMatchObject({ SecretString: 'sk-1', ARN: SECRET });
  expect(await outcome(get(`${SECRET}x`))).toBe('ResourceNotFoundException');
  expect(stage.front.violations).toEqual([]);
  stage.permit(read, viaDynamodb);
  expect(await outcome(get(SECRET))).toBe('AccessDeniedException');
  stage.permit({ Action: '*', Resource: KEY });
  expect(await outcome(get(SECRET))).toBe('AccessDeniedException');
  expect(stage.front.violations).toHaveLength(2);
});

describe('what it does not understand fails loudly', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['an operation of DynamoDB’s', () => clients.db.send(new ScanCommand({ TableName: stage.resources.table }))],
    ['a table that it does not know', () => clients.db.send(new GetItemCommand({ TableName: 'other', Key: item('T#1') }))],
    ['a query whose partition it cannot tell', () => clients.db.send(new QueryCommand({ TableName: stage.resources.table, KeyConditionExpression: 'pk > :k', ExpressionAttributeValues: { ':k': { S: 'T#1' } } }))],
    ['an operation of SQS’s', () => clients.sqs.send(new PurgeQueueCommand({ QueueUrl: stage.queueUrl }))],
    ['one on no queue', () => clients.sqs.send(new ListQueuesCommand({}))],
    ['a queue that it does not know', () => clients.sqs.send(new SendMessageCommand({ QueueUrl: `${stage.queueUrl}x`, MessageBody: 'x' }))],
    ['an operation of Step Functions’', () => clients.sfn.send(new ListExecutionsCommand({ stateMachineArn: stage.resources.stateMachineArn }))],
    ['an operation of Secrets Manager’s', () => clients.secrets.send(new ListSecretsCommand({}))],
    ['a secret that it does not know, by name', () => clients.secrets.send(new GetSecretValueCommand({ SecretId: 'other' }))],
  ])('%s', async (_, ask) => {
    stage.permit({ Action: '*', Resource: '*' });
    expect(await outcome(ask())).toBe('NotUnderstoodByTheTest');
    expect(stage.front.violations[0]).toMatch(/^Fn\.1 POST .*not understood/);
  });

  it('a service that it does not have, and a policy that it cannot read', async () => {
    const headers = { 'x-amz-target': 'Kinesis_20131202.PutRecord', authorization: 'AWS4-HMAC-SHA256 Credential=Fn.1/x' };
    expect((await fetch(stage.front.endpoint, { method: 'POST', headers, body: '{}' })).status).toBe(500);
    stage.permit({ Action: '*', Resource: '*', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } });
    expect(await outcome(clients.db.send(new GetItemCommand({ TableName: stage.resources.table, Key: item('T#1') })))).toBe('NotUnderstoodByTheTest');
    expect([stage.front.violations[0], stage.front.violations[1]]).toEqual([expect.stringContaining('Kinesis_20131202.PutRecord'), expect.stringContaining('the operator IpAddress')]);
  });

  it('a caller that is no function’s', async () => {
    stage.permit({ Action: '*', Resource: '*' });
    const get = ({ db }: Clients) => outcome(db.send(new GetItemCommand({ TableName: stage.resources.table, Key: item('T#1') })));
    expect([await get(stage.clients('Other.1')), await get(stage.clients('Fn.mapping')), await get(stage.clients('Fn.12'))]).toEqual(['AccessDeniedException', 'ok', 'ok']);
    expect((await fetch(`${stage.front.endpoint}/${stage.resources.bucket}/bodies/1`)).status).toBe(403);
    expect([stage.front.violations[0], stage.front.violations[1]]).toEqual([expect.stringContaining('there is no function Other'), expect.stringContaining('there is no function nobody')]);
  });
});
