import { CreateTableCommand, DeleteItemCommand, DeleteTableCommand, DescribeTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsEngines } from '../support/engines/aws-engines.ts';
import { MovedClock } from './harness/cloud-clock.ts';
import type { Invocable } from './harness/lambda-function.ts';
import { StreamMapping, type StreamMappingOptions, type StreamMappingSpec } from './harness/stream-mapping.ts';
import { openFunctions } from './harness/test-functions.ts';

let engines: AwsEngines;
let front: Server;
let streamArn: string;
let table: string;
let mapping: StreamMapping | undefined;
let clock: MovedClock;
let made = 0;
const functions = openFunctions(new MovedClock());

beforeAll(async () => {
  engines = await AwsEngines.start();
  front = createServer((request, response) => {
    const { 'x-amz-target': target = '', authorization = '' } = request.headers as Record<string, string>;
    const engine = target.startsWith('AmazonSQS') ? engines.fauxqs : engines.dynoxide;
    buffer(request)
      .then((body) => fetch(engine.endpoint, { method: 'POST', headers: { 'x-amz-target': target, authorization, 'x-amz-date': '20260101T000000Z', 'content-type': 'application/x-amz-json-1.0' }, body }))
      .then(async (answer) => response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(await answer.text()))
      .catch(() => response.destroy());
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
});
afterAll(async () => {
  front.closeAllConnections();
  front.close();
  await engines.stop();
});
beforeEach(async () => {
  clock = new MovedClock();
  table = `table${++made}`;
  const { db } = engines.hands;
  await db.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'OLD_IMAGE' },
    }),
  );
  const { Table } = await db.send(new DescribeTableCommand({ TableName: table }));
  streamArn = Table?.LatestStreamArn ?? '';
});
afterEach(async () => {
  await mapping?.stop();
  mapping = undefined;
  await functions.closeAll();
  await engines.hands.db.send(new DeleteTableCommand({ TableName: table }));
});

const put = async (...keys: string[]): Promise<void> => {
  for (const pk of keys) await engines.hands.db.send(new PutItemCommand({ TableName: table, Item: { pk: { S: pk } } }));
};
const remove = async (pk: string): Promise<void> => void (await engines.hands.db.send(new DeleteItemCommand({ TableName: table, Key: { pk: { S: pk } } })));

function map(target: Invocable, spec: Partial<StreamMappingSpec> = {}, options: Partial<StreamMappingOptions> = {}): StreamMapping {
  mapping = new StreamMapping(
    {
      streamArn,
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:fn',
      startingPosition: 'TRIM_HORIZON',
      batchSize: 10,
      filters: [],
      bisectBatchOnFunctionError: false,
      maximumRetryAttempts: -1,
      maximumRecordAgeInSeconds: -1,
      reportBatchItemFailures: true,
      parallelizationFactor: 10,
      ...spec,
    },
    { endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}`, principal: 'Fn.mapping', target, clock, ...options },
  );
  return mapping;
}

const keyOf = ({ dynamodb }: DynamoDBRecord): string => dynamodb?.Keys?.['pk']?.S ?? '';

interface Told extends Invocable {
  events: DynamoDBRecord[][];
  keys(): string[];
}
function told(answer: (records: DynamoDBRecord[]) => unknown = () => null): Told {
  const events: DynamoDBRecord[][] = [];
  return {
    events,
    /** Each batch as one word. */
    keys: () => events.map((records) => records.map(keyOf).join('')),
    async invoke(event) {
      const { Records } = event as DynamoDBStreamEvent;
      events.push(Records);
      return answer(Records);
    },
  };
}

/** Lets pauses between attempts pass until it is so. */
async function passUntil(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await clock.move(1000, true);
    await delay(5);
  }
}

const failing = (...keys: string[]) => (records: DynamoDBRecord[]) => ({
  batchItemFailures: records.filter((record) => keys.includes(keyOf(record))).map(({ dynamodb }) => ({ itemIdentifier: dynamodb?.SequenceNumber })),
});

describe('records', () => {
  it('are told in the shape that Lambda gives them, in their order, in batches, from the beginning', async () => {
    await clock.move(86_400_000, false);
    const earliestS = Math.floor(clock.nowMs() / 1000);
    await put('a', 'b', 'c');
    await remove('b');
    const fn = told();
    await map(fn, { batchSize: 3 }).idle();
    expect(fn.keys()).toEqual(['abc', 'b']);
    expect(fn.events[1]).toEqual([
      {
        eventID: expect.any(String),
        eventName: 'REMOVE',
        eventVersion: expect.any(String),
        eventSource: 'aws:dynamodb',
        awsRegion: expect.any(String),
        dynamodb: expect.objectContaining({ Keys: { pk: { S: 'b' } }, OldImage: { pk: { S: 'b' } }, SequenceNumber: expect.any(String), StreamViewType: 'OLD_IMAGE' }),
        eventSourceARN: streamArn,
      },
    ]);
    expect(fn.events[0]?.[0]?.dynamodb?.ApproximateCreationDateTime).toBeGreaterThanOrEqual(earliestS);
    await put('d');
    await mapping?.idle();
    expect([fn.keys(), mapping?.problems]).toEqual([['abc', 'b', 'd'], []]);
  });

  it('reach a real function if the filter lets them', async () => {
    await put('T#1', 'x', 'T#2');
    await remove('T#1');
    await remove('x');
    const fn = functions.open('plain.batch');
    await map(fn, { filters: ['{"eventName":["REMOVE"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"T#"}]}}}}'] }).idle();
    expect(fn.logs.map(({ json }) => json)).toEqual([{ batch: ['T#1'] }]);
  });

  it('are told again when asked for', async () => {
    await put('a', 'b', 'c');
    const fn = told();
    await map(fn, { batchSize: 2 }, { redeliver: true }).idle();
    expect(fn.keys()).toEqual(['ab', 'ab', 'c', 'c']);
  });
});

describe('what fails', () => {
  it('comes again from the first that failed on, after a pause, before anything else', async () => {
    await put('a', 'b', 'c', 'd', 'e');
    let ill = true;
    const fn = told((records) => (ill ? failing('b', 'c')(records) : null));
    map(fn, { batchSize: 4, bisectBatchOnFunctionError: true });
    while (fn.events.length < 1) await delay(5);
    await delay(50);
    expect([fn.keys(), mapping?.busy]).toEqual([['abcd'], true]);
    await passUntil(() => fn.events.length >= 3);
    ill = false;
    await passUntil(() => !mapping?.busy);
    expect(fn.keys().filter((batch, at, all) => batch !== all[at - 1])).toEqual(['abcd', 'bcd', 'e']);
  });

  it('comes again whole when the function throws', async () => {
    await put('a', 'b');
    let left = 2;
    const fn = told(() => {
      if (left-- > 0) throw new Error('no');
      return null;
    });
    map(fn);
    await passUntil(() => fn.events.length > 0 && !mapping?.busy);
    expect(fn.keys()).toEqual(['ab', 'ab', 'ab']);
  });

  it('is halved until the one that makes it throw is alone', async () => {
    await put('a', 'b', 'c', 'd');
    const fn = told((records) => {
      if (records.some((record) => keyOf(record) === 'c')) throw new Error('no');
      return null;
    });
    map(fn, { bisectBatchOnFunctionError: true, maximumRetryAttempts: 2 });
    await passUntil(() => fn.events.length > 0 && !mapping?.busy);
    expect(fn.keys()).toEqual(['abcd', 'ab', 'cd', 'c', 'c', 'c', 'd']);
  });

  it('is given up after so many attempts, and told to the queue for that', async () => {
    const { QueueUrl = '' } = await engines.hands.sqs.send(new CreateQueueCommand({ QueueName: `given-up-${made}` }));
    await put('a', 'b', 'c');
    const fn = told(failing('b'));
    map(fn, { maximumRetryAttempts: 2, onFailureQueueUrl: QueueUrl, batchSize: 2 });
    await passUntil(() => fn.keys().includes('c'));
    expect(fn.keys()).toEqual(['ab', 'b', 'b', 'c']);
    await mapping?.idle();
    const { Messages = [] } = await engines.hands.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    const number = fn.events[1]?.[0]?.dynamodb?.SequenceNumber;
    expect(Messages.map(({ Body = '' }) => JSON.parse(Body) as unknown)).toEqual([
      {
        requestContext: { requestId: expect.any(String), functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:fn', condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        version: '1.0',
        timestamp: expect.any(String),
        DDBStreamBatchInfo: expect.objectContaining({ shardId: expect.stringMatching(/^shardId-/), startSequenceNumber: number, endSequenceNumber: number, batchSize: 1, streamArn }),
      },
    ]);
  });

  it('is given up when it is too old', async () => {
    await put('a');
    const fn = told(failing('a'));
    map(fn, { maximumRecordAgeInSeconds: 60 });
    while (fn.events.length < 1) await delay(5);
    await clock.move(61_000, true);
    await passUntil(() => !mapping?.busy);
    await put('b');
    await mapping?.idle();
    expect(fn.keys()).toEqual(['a', 'b']);
  });

  it('is not tried again after stop', async () => {
    await put('a');
    const fn = told(failing('a'));
    const stopped = map(fn);
    while (fn.events.length < 1) await delay(5);
    await stopped.stop();
    await clock.move(60_000, true);
    expect([fn.keys(), stopped.problems]).toEqual([['a'], []]);
  });
});

it('is not made of what it does not understand', () => {
  expect(() => map(told(), { startingPosition: 'LATEST' })).toThrow('starting position of LATEST');
});
