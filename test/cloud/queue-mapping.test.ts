import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand, PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsEngines } from '../support/engines/aws-engines.ts';
import { MovedClock } from './harness/cloud-clock.ts';
import type { Invocable } from './harness/lambda-function.ts';
import { QueueMapping, type QueueMappingOptions, type QueueMappingSpec } from './harness/queue-mapping.ts';
import { openFunctions } from './harness/test-functions.ts';

let engines: AwsEngines;
let queueUrl: string;
let mapping: QueueMapping | undefined;
let made = 0;
const functions = openFunctions(new MovedClock());

beforeAll(async () => {
  engines = await AwsEngines.start();
});
afterAll(() => engines.stop());
beforeEach(async () => {
  const { QueueUrl = '' } = await engines.hands.sqs.send(new CreateQueueCommand({ QueueName: `q${++made}`, Attributes: { VisibilityTimeout: '600' } }));
  queueUrl = QueueUrl;
});
afterEach(async () => {
  await mapping?.stop();
  await mapping?.rest();
  mapping = undefined;
  await functions.closeAll();
  await engines.hands.sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
});

const ARN = 'arn:aws:sqs:us-east-1:000000000000:q';

function map(target: Invocable, spec: Partial<QueueMappingSpec> = {}, options: Partial<QueueMappingOptions> = {}): QueueMapping {
  mapping = new QueueMapping({ queueUrl, queueArn: ARN, batchSize: 10, reportBatchItemFailures: true, ...spec }, { endpoint: engines.fauxqs.endpoint, principal: 'Fn.mapping', target, ...options });
  return mapping;
}

const send = async (...bodies: string[]): Promise<void> => {
  for (const MessageBody of bodies) await engines.hands.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
};

/** How many messages wait, and how many somebody has taken and not deleted. */
async function counts(): Promise<[waiting: string | undefined, taken: string | undefined]> {
  const { Attributes } = await engines.hands.sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }));
  return [Attributes?.['ApproximateNumberOfMessages'], Attributes?.['ApproximateNumberOfMessagesNotVisible']];
}

/** A function in this process: what it was told, and what it says. */
function told(answer: (event: SQSEvent) => unknown): Invocable & { events: SQSEvent[]; bodies(): string[] } {
  const events: SQSEvent[] = [];
  return {
    events,
    bodies: () => events.flatMap(({ Records }) => Records.map(({ body }) => body)),
    async invoke(event) {
      events.push(event as SQSEvent);
      return answer(event as SQSEvent);
    },
  };
}

describe('a message', () => {
  it('is handed to the function in the shape that Lambda gives it, and deleted', async () => {
    const fn = told(() => null);
    await send('hello');
    await map(fn).idle();
    expect(fn.events).toEqual([
      {
        Records: [
          {
            messageId: expect.any(String),
            receiptHandle: expect.any(String),
            body: 'hello',
            attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d{13}$/), SenderId: expect.any(String), ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) },
            messageAttributes: {},
            md5OfBody: '5d41402abc4b2a76b9719d911017c592',
            eventSource: 'aws:sqs',
            eventSourceARN: ARN,
            awsRegion: 'us-east-1',
          },
        ],
      },
    ]);
    expect(await counts()).toEqual(['0', '0']);
    expect(mapping?.problems).toEqual([]);
  });

  it('reaches a real function, whose partial failures stay in the queue', async () => {
    const fn = functions.open('plain.batch');
    await send('one', 'fail two', 'three');
    await map(fn).idle();
    expect(fn.logs.map(({ json }) => json)).toEqual([{ batch: ['one', 'fail two', 'three'] }]);
    expect(await counts()).toEqual(['0', '1']);
  });

  it('is delivered twice, at once, when asked for', async () => {
    let atOnce = 0;
    let most = 0;
    const fn = told(async () => {
      most = Math.max(most, ++atOnce);
      await delay(50);
      atOnce--;
    });
    await send('one');
    await map(fn, {}, { duplicate: true }).idle();
    expect([fn.bodies(), most, await counts()]).toEqual([['one', 'one'], 2, ['0', '0']]);
  });
});

describe('of a batch', () => {
  const idOf = ({ Records }: SQSEvent, at: number) => Records[at]?.messageId;
  it.each<[string, (event: SQSEvent) => unknown, string]>([
    ['nothing is left after no answer', () => null, '0'],
    ['nothing is left after an empty object', () => ({}), '0'],
    ['nothing is left after an empty list', () => ({ batchItemFailures: [] }), '0'],
    ['nothing is left after no list', () => ({ batchItemFailures: null }), '0'],
    ['what is reported stays', (event) => ({ batchItemFailures: [{ itemIdentifier: idOf(event, 1) }] }), '1'],
    ['all stays when one entry is of nobody', (event) => ({ batchItemFailures: [{ itemIdentifier: idOf(event, 1) }, { itemIdentifier: 'nobody' }] }), '3'],
    ['all stays when an entry is empty', () => ({ batchItemFailures: [{ itemIdentifier: '' }] }), '3'],
    ['all stays when an entry has another name', (event) => ({ batchItemFailures: [{ identifier: idOf(event, 1) }] }), '3'],
    ['all stays after an answer that is no object', () => 'fine', '3'],
    ['all stays after a list that is none', () => ({ batchItemFailures: 'none' }), '3'],
    [
      'all stays when the function fails',
      () => {
        throw new Error('no');
      },
      '3',
    ],
  ])('%s', async (_, answer, left) => {
    await send('a', 'b', 'c');
    const fn = told(answer);
    await map(fn).idle();
    expect([fn.events.length, await counts()]).toEqual([1, ['0', left]]);
  });

  it('answers count only where the mapping says so', async () => {
    await send('a', 'b');
    await map(told(({ Records }) => ({ batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })) })), { reportBatchItemFailures: false }).idle();
    expect(await counts()).toEqual(['0', '0']);
  });
});

describe('the mapping', () => {
  it('takes as many as a batch may have, and so many batches at once', async () => {
    const open = Promise.withResolvers<void>();
    const fn = told(() => open.promise);
    await send('a', 'b', 'c', 'd', 'e');
    map(fn, { batchSize: 2 }, { mostAtOnce: 2 });
    while (fn.events.length < 2) await delay(5);
    await delay(100);
    expect(fn.events.map(({ Records }) => Records.length)).toEqual([2, 2]);
    expect([mapping?.busy, await counts()]).toEqual([true, ['1', '4']]);
    open.resolve();
    await mapping?.idle();
    expect([fn.bodies().sort(), await counts()]).toEqual([['a', 'b', 'c', 'd', 'e'], ['0', '0']]);
  });

  it('receives nothing after stop, and lets what was begun go on', async () => {
    const open = Promise.withResolvers<void>();
    const fn = told(() => open.promise);
    await send('first');
    const stopped = map(fn);
    while (fn.events.length < 1) await delay(5);
    await stopped.stop();
    await send('second');
    await delay(60);
    expect([fn.bodies(), await counts()]).toEqual([['first'], ['1', '1']]);
    open.resolve();
    await stopped.rest();
    expect(await counts()).toEqual(['1', '0']);
  });

  it('goes on when AWS is in trouble, and remembers it', async () => {
    const fn = told(() => null);
    await engines.hands.sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl }));
    const elsewhere = map(fn, {}, { endpoint: 'http://127.0.0.1:1' });
    while (elsewhere.problems.length < 3) await delay(5);
    expect(fn.events).toEqual([]);
  });

  it('is not made of what it does not understand', () => {
    expect(() => map(told(() => null), { batchSize: 100 })).toThrow('batch size of 100');
  });
});
