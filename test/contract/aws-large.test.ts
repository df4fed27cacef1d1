/** What does not fit an item or a transaction: bodies in S3, and changes of more writes than DynamoDB takes at once. */
import { describe, expect, it } from '@jest/globals';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Message } from '../../shared/domain/message.ts';
import { type ConflictError, create, remove, update, type Write } from '../../shared/ports/commit.ts';
import { keyOf, keys } from '../../shared/ports/store.ts';
import { cancelled, LOST, THROTTLED } from '../support/engines/relay.ts';
import { aMessage, aRun, aThread, anAssistant, PROJECT, text } from '../support/records.ts';
import { useEngines, useTroubled } from './aws-stage.ts';
import { failureOf } from './suites/stage.ts';

const engines = useEngines();
const troubled = useTroubled(engines);
const commit = (...writes: Write[]) => troubled.stage.commit({ name: 'test', writes });
const read = (message: Message) => troubled.stage.store.get(keyOf('message', message));

const THREAD = 'thread_1';
const ofBytes = (bytes: number, fill = 'x') => aMessage({ threadId: THREAD, content: [text(fill.repeat(bytes))] });
const LARGE = 400_000;

/** The keys of all bodies in the bucket, once nothing is under way in the background. */
const blobs = async (): Promise<string[]> => {
  await troubled.stage.world.drained();
  const { hands } = await engines();
  const { Contents = [] } = await hands.s3.send(new ListObjectsV2Command({ Bucket: troubled.stage.resources.bucket }));
  return Contents.map(({ Key = '' }) => Key);
};

const itemOf = async (message: Message) => {
  const { hands } = await engines();
  return (await hands.db.send(new GetItemCommand({ TableName: troubled.stage.resources.table, Key: { pk: { S: `T#${PROJECT}#${THREAD}` }, sk: { S: `M#${message.id}` } } }))).Item ?? {};
};

describe('a body too large for an item', () => {
  it('goes to S3, and one that is not too large stays', async () => {
    const [small, large] = [ofBytes(299_000), ofBytes(300_001)];
    await commit(create('message', small));
    expect(await blobs()).toEqual([]);
    await commit(create('message', large));
    expect(await blobs()).toEqual([(await itemOf(large))['blob']?.S]);
    expect('body' in (await itemOf(large))).toBe(false);
    expect([await read(small), await read(large)]).toStrictEqual([small, large]);
  });

  it('is measured in bytes, not in characters', async () => {
    const emoji = ofBytes(80_000, '🧵');
    await commit(create('message', emoji));
    expect(await blobs()).toHaveLength(1);
    expect(await read(emoji)).toStrictEqual(emoji);
  });

  it('is there before the item that names it', async () => {
    await commit(create('message', ofBytes(LARGE)));
    expect(troubled.operations).toEqual(['PUT', 'PutItem']);
  });

  it('makes way for the one that replaces it, and leaves with its record', async () => {
    const first = ofBytes(LARGE);
    await commit(create('message', first));
    const second = update('message', first, { ...first, metadata: { n: '2' } });
    await commit(second);
    expect(await blobs()).toEqual([(await itemOf(first))['blob']?.S]);
    const third = update('message', second.record, { ...second.record, content: [text('short')] });
    await commit(third);
    expect([await blobs(), await read(first)]).toEqual([[], third.record]);
    const fourth = update('message', third.record, { ...third.record, content: first.content });
    await commit(fourth);
    await commit(remove('message', fourth.record));
    expect([await blobs(), await read(first)]).toEqual([[], undefined]);
  });

  it('leaves with its record also when another process had written it', async () => {
    const message = ofBytes(LARGE);
    await commit(create('message', message));
    const other = await troubled.reopen();
    const [seen] = (await other.store.page('message', [PROJECT, THREAD], { order: 'asc', limit: 5 })).items;
    await other.commit({ name: 'test', writes: [remove('message', seen ?? message)] });
    await other.world.drained();
    expect(await blobs()).toEqual([]);
  });

  it('of the winner stays whole among rivals, and none of the losers is left', async () => {
    const message = ofBytes(LARGE);
    await commit(create('message', message));
    const rivals = Array.from({ length: 10 }, (_, n) => update('message', message, { ...message, content: [text(String(n).repeat(LARGE))] }));
    const results = await Promise.allSettled(rivals.map((write) => commit(write)));
    const won = rivals.filter((_, n) => results[n]?.status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect(await read(message)).toStrictEqual(won[0]?.record);
    for (const result of results) if (result.status === 'rejected') expect((result.reason as ConflictError).current).toStrictEqual(won[0]?.record);
    expect(await blobs()).toEqual([(await itemOf(message))['blob']?.S]);
  });

  it('is kept when nobody can say whether its item was written', async () => {
    const message = ofBytes(LARGE);
    troubled.db.plan('PutItem', LOST, 1);
    troubled.db.plan('PutItem', { refuse: { status: 400, type: 'com.amazon.coral.validate#ValidationException' } });
    expect(await failureOf(commit(create('message', message)))).toMatchObject({ name: 'ValidationException' });
    expect(await read(message)).toStrictEqual(message);
  });

  it('that is replaced between the two reads of a reader shows the newer revision', async () => {
    const first = ofBytes(LARGE);
    await commit(create('message', first));
    const second = update('message', first, { ...first, content: [text('y'.repeat(LARGE))] });
    troubled.relays.s3.plan('GET', {
      before: async () => {
        await commit(second);
        await troubled.stage.world.drained();
      },
    });
    expect(await read(first)).toStrictEqual(second.record);
  });

  it('that is deleted between the two reads of a reader is gone', async () => {
    const message = ofBytes(LARGE);
    await commit(create('message', message));
    troubled.relays.s3.plan('GET', {
      before: async () => {
        await commit(remove('message', message));
        await troubled.stage.world.drained();
      },
    });
    expect(await read(message)).toBeUndefined();
  });

  it('of a thread would be gone when its removal is told, so threads stay in their items', async () => {
    const writes = Array.from({ length: 90 }, () => aThread({ metadata: Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`${n}`.padEnd(64, 'k'), 'v'.repeat(512)])) }));
    await commit(...writes.map((thread) => create('thread', thread)));
    expect(await blobs()).toEqual([]);
  });
});

describe('a change too large for a transaction', () => {
  it('of 40 messages of 200 KB sends the largest to S3 and is still one transaction', async () => {
    const messages = Array.from({ length: 40 }, (_, n) => ofBytes(200_000 + n));
    await commit(...messages.map((message) => create('message', message)), create('run', aRun('queued')));
    expect(troubled.db.count('TransactWriteItems')).toBe(1);
    expect((await blobs()).length).toBeGreaterThan(20);
    expect((await troubled.stage.store.page('message', [PROJECT, THREAD], { order: 'asc', limit: 40 })).items).toStrictEqual(messages);
  });
});

describe('a change of more than a hundred writes', () => {
  const birth = (count: number) => {
    const thread = aThread({ id: THREAD });
    const messages = Array.from({ length: count }, () => aMessage({ threadId: THREAD }));
    return { thread, messages, writes: [create('thread', thread), ...messages.map((message) => create('message', message))] };
  };
  const messagesThere = async () => (await troubled.stage.store.page('message', [PROJECT, THREAD], { order: 'asc', limit: 1000 })).items;

  it('writes new messages first and the rest last, in one transaction', async () => {
    const { thread, messages, writes } = birth(350);
    const seenBefore: unknown[] = [];
    troubled.db.plan('TransactWriteItems', { before: () => Promise.resolve() }, 3);
    troubled.db.plan('TransactWriteItems', { before: async () => void seenBefore.push(await troubled.stage.store.get(keys.thread(PROJECT, THREAD))) });
    await commit(...writes);
    expect(troubled.db.count('TransactWriteItems')).toBe(4);
    expect(seenBefore).toEqual([undefined]);
    expect(await messagesThere()).toStrictEqual(messages);
    expect(await troubled.stage.store.get(keyOf('thread', thread))).toStrictEqual(thread);
  });

  it('of 150 large messages goes in as many transactions as it takes', async () => {
    const messages = Array.from({ length: 150 }, () => ofBytes(100_000));
    await commit(create('thread', aThread({ id: THREAD })), ...messages.map((message) => create('message', message)));
    expect(await messagesThere()).toStrictEqual(messages);
  });

  it('is undone as far as it got when it loses a race', async () => {
    const { thread, writes } = birth(250);
    await commit(create('thread', { ...thread, metadata: { is: 'earlier' } }));
    expect(await failureOf(commit(...writes))).toMatchObject({ name: 'ConflictError', key: keyOf('thread', thread) });
    expect(await messagesThere()).toEqual([]);
  });

  it('is undone as far as it got when DynamoDB refuses the rest, and what stood there before stays', async () => {
    const { messages, writes } = birth(250);
    const [, second] = messages;
    if (!second) return;
    await commit(create('message', second));
    expect(await failureOf(commit(...writes))).toMatchObject({ name: 'ConflictError', key: keyOf('message', second), current: second });
    expect(await messagesThere()).toStrictEqual([second]);
    troubled.db.plan('TransactWriteItems', { before: () => Promise.resolve() }, 2);
    troubled.db.plan('TransactWriteItems', cancelled({ Code: 'ValidationError' }));
    expect(await failureOf(commit(...birth(250).writes))).toMatchObject({ name: 'TransactionCanceledException' });
    expect(await messagesThere()).toStrictEqual([second]);
  });

  it('is not undone when nobody can say whether the rest was written', async () => {
    const { thread, messages, writes } = birth(150);
    troubled.db.plan('TransactWriteItems', { before: () => Promise.resolve() });
    troubled.db.plan('TransactWriteItems', LOST);
    troubled.db.plan('TransactWriteItems', { refuse: { status: 400, type: 'com.amazon.coral.validate#ValidationException' } });
    expect(await failureOf(commit(...writes))).toMatchObject({ name: 'ValidationException' });
    expect(await troubled.stage.store.get(keyOf('thread', thread))).toStrictEqual(thread);
    expect(await messagesThere()).toStrictEqual(messages);
  });

  it('survives throttling in each part', async () => {
    const { messages, writes } = birth(250);
    troubled.db.plan('TransactWriteItems', THROTTLED);
    troubled.db.plan('TransactWriteItems', LOST);
    troubled.db.plan('TransactWriteItems', THROTTLED);
    await commit(...writes);
    expect(await messagesThere()).toStrictEqual(messages);
  });

  it('is refused when it is not the messages that are too many', async () => {
    const writes = Array.from({ length: 101 }, () => create('assistant', anAssistant()));
    await expect(commit(...writes)).rejects.toThrow('101 writes are too many for one change');
    expect(troubled.operations).toEqual([]);
  });
});
