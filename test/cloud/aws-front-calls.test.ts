/** What a test sees of the calls that pass the front, and the trouble that it can make them. */
import { GetItemCommand, PutItemCommand, QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clients } from '../../shared/aws/clients.ts';
import { useEngines } from '../contract/aws-stage.ts';
import { EngineLines } from './harness/aws-engine.ts';
import type { Call, Verdict } from './harness/aws-front.ts';
import { type FrontStage, openFront } from './harness/aws-front-stage.ts';

const engines = useEngines();
let stage: FrontStage;
let clients: Clients;

beforeEach(async () => {
  stage = await openFront(await engines());
  clients = stage.clients();
  stage.permit({ Action: '*', Resource: '*' });
});
afterEach(() => stage.close());

const item = (pk: string, sk = '#') => ({ pk: { S: pk }, sk: { S: sk } });
const put = (pk = 'T#1') => clients.db.send(new PutItemCommand({ TableName: stage.resources.table, Item: item(pk), ConditionExpression: 'attribute_not_exists(pk)' }));
const get = () => clients.db.send(new GetItemCommand({ TableName: stage.resources.table, Key: item('T#1') }));
const send = (MessageBody = 'x') => clients.sqs.send(new SendMessageCommand({ QueueUrl: stage.queueUrl, MessageBody }));
const receive = ({ sqs }: Clients) => sqs.send(new ReceiveMessageCommand({ QueueUrl: stage.queueUrl }));
const outcome = (work: Promise<unknown>): Promise<string> => work.then(() => 'ok', (error: Error) => error.name);

/** Each call gets the next verdict, and passes when there is none. */
function meet(...verdicts: Verdict[]): Call[] {
  const met: Call[] = [];
  stage.front.intercept((call) => {
    met.push(call);
    return verdicts.shift() ?? 'pass';
  });
  return met;
}

describe('a call that is met', () => {
  it('is told with who asks for what, in their order', async () => {
    const met = meet();
    await put();
    await stage.clients('Fn.mapping').sqs.send(new SendMessageCommand({ QueueUrl: stage.queueUrl, MessageBody: 'x' }));
    await clients.s3.send(new PutObjectCommand({ Bucket: stage.resources.bucket, Key: 'bodies/1', Body: 'x' }));
    expect(met).toMatchObject([
      { id: 1, principal: 'Fn.1', functionId: 'Fn', service: 'dynamodb', operation: 'PutItem', input: { Item: item('T#1') } },
      { id: 2, principal: 'Fn.mapping', functionId: 'Fn', service: 'sqs', operation: 'SendMessage', input: { MessageBody: 'x' } },
      { id: 3, service: 's3', operation: 'PutObject', input: { Bucket: stage.resources.bucket, Key: 'bodies/1' } },
    ]);
    expect(met[0]?.answer?.status).toBe(200);
    stage.front.intercept(undefined);
    await get();
    expect(met).toHaveLength(3);
  });

  it('is not told if it is not allowed', async () => {
    const met = meet();
    stage.permit();
    expect(await outcome(get())).toBe('AccessDeniedException');
    expect(met).toEqual([]);
  });

  it('can be lost before the service hears of it: asking again finds nothing done', async () => {
    const met = meet('lose-request');
    expect(await outcome(put())).toBe('ok');
    expect(met.map(({ answer }) => answer?.status)).toEqual([undefined, 200]);
  });

  it('can lose its answer: asking again finds it done', async () => {
    const met = meet('lose-answer');
    expect(await outcome(put())).toBe('ConditionalCheckFailedException');
    expect(met.map(({ answer }) => answer?.status)).toEqual([200, 400]);
  });

  it.each(['pass', 'lose-answer'] as const)('can have something happen when it is done and the caller does not know yet: %s', async (after) => {
    let seen: number | undefined;
    meet({ afterwards: ({ answer }) => ((seen = answer?.status), after) });
    expect(await outcome(put())).toBe(after === 'pass' ? 'ok' : 'ConditionalCheckFailedException');
    expect(seen).toBe(200);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['DynamoDB', 'com.amazonaws.dynamodb.v20120810#ValidationException', put],
    ['SQS', 'com.amazonaws.sqs#OverLimit', send],
    ['Step Functions', 'ExecutionLimitExceeded', () => clients.sfn.send(new StartExecutionCommand({ stateMachineArn: stage.resources.stateMachineArn }))],
    ['S3', 'InvalidObjectState', () => clients.s3.send(new GetObjectCommand({ Bucket: stage.resources.bucket, Key: 'bodies/1' }))],
  ])('can be refused in the words of %s', async (_, type, ask) => {
    const met = meet({ refuse: { status: 400, type, message: 'no' } });
    await expect(ask()).rejects.toMatchObject({ name: type.split('#').at(-1), message: 'no' });
    expect([met[0]?.answer, stage.front.violations]).toEqual([undefined, []]);
  });

  it('makes its test fail if the test’s own hook does', async () => {
    stage.front.intercept(() => Promise.reject(new Error('hook')));
    expect(await outcome(get())).not.toBe('ok');
    expect(stage.front.violations[0]).toContain('hook');
  });
});

it('tells what is under way, and how many there were', async () => {
  const reached = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  stage.front.intercept(async (): Promise<Verdict> => {
    reached.resolve();
    await go.promise;
    return 'pass';
  });
  const asked = put();
  await reached.promise;
  expect([stage.front.underWay, stage.front.total]).toEqual([1, 1]);
  go.resolve();
  await asked;
  await get();
  // The caller may have its answer a moment before the front has noticed.
  while (stage.front.underWay > 0) await nextTurn();
  expect(stage.front.total).toBe(2);
});

describe('the ledger', () => {
  it('has what each call consumed, and who made it', async () => {
    const { table: TableName } = stage.resources;
    await put();
    await get();
    await clients.db.send(new QueryCommand({ TableName, KeyConditionExpression: 'pk = :k', ExpressionAttributeValues: { ':k': { S: 'T#1' } }, ConsistentRead: true }));
    await stage.clients('Fn.2').db.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: item('T#1', 'x') } }] }));
    await send();
    const ledger = stage.front.takeLedger();
    expect(ledger.map(({ principal, operation, readUnits, writeUnits }) => [principal, operation, readUnits, writeUnits])).toEqual([
      ['Fn.1', 'PutItem', 0, 1],
      ['Fn.1', 'GetItem', 0.5, 0],
      ['Fn.1', 'Query', 1, 0],
      ['Fn.2', 'TransactWriteItems', 0, 2],
      ['Fn.1', 'SendMessage', 0, 0],
    ]);
    expect(ledger.every(({ requestBytes, responseBytes, status }) => requestBytes > 20 && responseBytes > 20 && status === 200)).toBe(true);
    expect(stage.front.takeLedger()).toEqual([]);
  });

  it('has what the service did though its answer was lost, and not what it never heard of or refused', async () => {
    meet('lose-answer', 'pass', 'lose-request', 'pass');
    await outcome(put('T#1'));
    await put('T#2');
    stage.permit();
    await outcome(put('T#3'));
    expect(stage.front.takeLedger().map(({ status }) => status)).toEqual([200, 400, 200]);
  });

  it('has what a mapping asks only if it finds something', async () => {
    const mapping = stage.clients('Fn.mapping');
    await receive(mapping);
    expect([stage.front.total, stage.front.takeLedger()]).toEqual([0, []]);
    await receive(clients);
    await send();
    await receive(mapping);
    expect([stage.front.total, stage.front.takeLedger().map(({ principal, operation }) => `${principal} ${operation}`)]).toEqual([3, ['Fn.1 ReceiveMessage', 'Fn.1 SendMessage', 'Fn.mapping ReceiveMessage']]);
  });
});

it('finishes what a caller that is gone has asked for', async () => {
  const sqs = new SQSClient({ region: 'us-east-1', endpoint: stage.front.endpoint, credentials: { accessKeyId: 'Fn.1', secretAccessKey: 'x' }, maxAttempts: 1 });
  const gone = new AbortController();
  stage.front.intercept(() => (gone.abort(), 'pass'));
  const asked = sqs.send(new SendMessageCommand({ QueueUrl: stage.queueUrl, MessageBody: 'last words' }), { abortSignal: gone.signal });
  expect(await outcome(asked)).toBe('AbortError');
  stage.front.intercept(undefined);
  const received = async () => (await receive(clients)).Messages ?? [];
  let messages = await received();
  while (messages.length === 0) messages = await received();
  expect(messages[0]?.Body).toBe('last words');
  expect(stage.front.violations).toEqual([]);
  sqs.destroy();
});

it('asks an engine again that has closed an idle connection just then', async () => {
  const seen = new Map<unknown, number>();
  const server = createServer((request, response) => {
    const times = (seen.get(request.socket) ?? 0) + 1;
    seen.set(request.socket, times);
    if (times > 1) request.socket.destroy();
    else response.end('done');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const lines = new EngineLines();
  const ask = () => lines.ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { method: 'POST', url: '/', headers: {}, body: Buffer.from('x') });
  expect([(await ask()).body.toString(), (await ask()).body.toString()]).toEqual(['done', 'done']);
  expect([...seen.values()]).toEqual([2, 1]);
  lines.close();
  server.closeAllConnections();
  server.close();
});
