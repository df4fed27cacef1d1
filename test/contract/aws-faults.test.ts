/** What DynamoDB does to a commit that no engine does: throttling, conflicts with other transactions, answers that get lost. */
import { describe, expect, it } from '@jest/globals';
import { ConflictError, create, remove, update } from '../../shared/ports/commit.ts';
import { keyOf } from '../../shared/ports/store.ts';
import { BROKEN, cancelled, IN_CONFLICT, IN_PROGRESS, LOST, THROTTLED, type Trouble } from '../support/engines/relay.ts';
import { aMessage, aRun, aThread, anAssistant, PROJECT } from '../support/records.ts';
import { useEngines, useTroubled } from './aws-stage.ts';
import { failureOf } from './suites/stage.ts';

const troubled = useTroubled(useEngines());
const commit = (...writes: Parameters<typeof troubled.stage.commit>[0]['writes']) => troubled.stage.commit({ name: 'test', writes });
const read = (thread: ReturnType<typeof aThread>) => troubled.stage.store.get(keyOf('thread', thread));

const CONFLICT = { Code: 'TransactionConflict' };
const NONE = { Code: 'None' };

describe('what passes by itself is tried again', () => {
  const singles: [string, Trouble][] = [
    ['throttled', THROTTLED],
    ['an error of DynamoDB', BROKEN],
    ['another transaction under way on the item', IN_CONFLICT],
    ['a lost connection', LOST],
  ];

  it.each(singles)('one write, five times over: %s', async (_, trouble) => {
    const thread = aThread();
    troubled.db.plan('PutItem', trouble, 5);
    await commit(create('thread', thread));
    expect([await read(thread), troubled.db.pending]).toEqual([thread, 0]);
  });

  const transactions: [string, Trouble][] = [
    ['throttled', THROTTLED],
    ['throttled inside', cancelled({ Code: 'ThrottlingError' }, { Code: 'ProvisionedThroughputExceeded' })],
    ['an error of DynamoDB', BROKEN],
    ['in conflict with another', cancelled(CONFLICT, NONE)],
    ['still under way itself', IN_PROGRESS],
    ['a lost connection', LOST],
  ];

  it.each(transactions)('a transaction, five times over: %s', async (_, trouble) => {
    const [thread, run] = [aThread(), aRun('queued')];
    troubled.db.plan('TransactWriteItems', trouble, 5);
    await commit(create('thread', thread), create('run', run));
    expect([await read(thread), await troubled.stage.store.get(keyOf('run', run)), troubled.db.pending]).toEqual([thread, run, 0]);
  });

  it('reads', async () => {
    const threads = [aThread(), aThread()];
    await commit(...threads.map((thread) => create('thread', thread)), create('message', aMessage({ threadId: 'thread_1' })));
    for (const operation of ['GetItem', 'Query', 'BatchGetItem']) troubled.db.plan(operation, THROTTLED, 2);
    expect(await read(threads[0] ?? aThread())).toEqual(threads[0]);
    expect((await troubled.stage.store.page('thread', [PROJECT], { order: 'asc', limit: 5 })).items).toEqual(threads);
    expect(troubled.db.pending).toBe(0);
  });

  it('and the rest of a batch that DynamoDB did not come to', async () => {
    const threads = Array.from({ length: 7 }, () => aThread());
    await commit(...threads.map((thread) => create('thread', thread)));
    // Each answer but the last leaves out all but the first two.
    const leaveOut: Trouble = {
      change: (answer) => {
        const [[table, items] = ['', []]] = Object.entries(answer['Responses'] as Record<string, { pk: object; sk: object }[]>);
        return { Responses: { [table]: items.slice(0, 2) }, UnprocessedKeys: { [table]: { Keys: items.slice(2).map(({ pk, sk }) => ({ pk, sk })), ConsistentRead: true } } };
      },
    };
    troubled.db.plan('BatchGetItem', leaveOut, 3);
    expect((await troubled.stage.store.page('thread', [PROJECT], { order: 'asc', limit: 10 })).items).toEqual(threads);
    expect(troubled.db.count('BatchGetItem')).toBe(4);
  });
});

describe('what does not pass in time', () => {
  it('rejects, but never as a lost race, and writes nothing', async () => {
    const [thread, run] = [aThread(), aRun('queued')];
    troubled.db.plan('TransactWriteItems', cancelled(CONFLICT, NONE), 1000);
    const error = await failureOf(commit(create('thread', thread), create('run', run)));
    expect(error).not.toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ name: 'TransactionCanceledException' });
    expect(await read(thread)).toBeUndefined();
    expect(troubled.db.count('TransactWriteItems')).toBeLessThan(50);
  });

  it('what is wrong with the request itself rejects at once', async () => {
    troubled.db.plan('PutItem', { refuse: { status: 400, type: 'com.amazon.coral.validate#ValidationException' } }, 100);
    expect(await failureOf(commit(create('thread', aThread())))).toMatchObject({ name: 'ValidationException' });
    expect(troubled.db.count('PutItem')).toBe(1);
  });

  it('a transaction cancelled for its size or its form rejects at once', async () => {
    troubled.db.plan('TransactWriteItems', cancelled({ Code: 'ValidationError' }, CONFLICT), 100);
    expect(await failureOf(commit(create('thread', aThread()), create('run', aRun('queued'))))).toMatchObject({ name: 'TransactionCanceledException' });
    expect(troubled.db.count('TransactWriteItems')).toBe(1);
  });
});

describe('a condition that does not hold', () => {
  it('counts more than a conflict with another transaction beside it', async () => {
    const thread = aThread();
    troubled.db.plan('TransactWriteItems', cancelled(CONFLICT, { Code: 'ConditionalCheckFailed' }));
    const error = await failureOf(commit(create('run', aRun('queued')), update('thread', thread, thread)));
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ key: keyOf('thread', thread), current: undefined });
  });

  it('is found after what had to be tried again', async () => {
    const thread = aThread();
    await commit(create('thread', thread));
    troubled.db.plan('PutItem', IN_CONFLICT, 3);
    expect(await failureOf(commit(create('thread', { ...thread, metadata: { a: 'b' } })))).toMatchObject({ name: 'ConflictError', current: thread });
  });
});

describe('an answer that gets lost', () => {
  it('of a create: the record is there, and its own writer is not told that it lost against itself', async () => {
    const thread = aThread();
    troubled.db.plan('PutItem', LOST);
    await commit(create('thread', thread));
    expect(await read(thread)).toStrictEqual(thread);
    expect(troubled.db.count('PutItem')).toBe(2);
  });

  it('of an update: it is done once', async () => {
    const thread = aThread();
    await commit(create('thread', thread));
    troubled.db.plan('PutItem', LOST);
    await commit(update('thread', thread, { ...thread, metadata: { n: '1' } }));
    expect(await read(thread)).toMatchObject({ rev: 1, metadata: { n: '1' } });
  });

  it('of a delete: it is done', async () => {
    const thread = aThread();
    await commit(create('thread', thread));
    troubled.db.plan('DeleteItem', LOST);
    await commit(remove('thread', thread));
    expect(await read(thread)).toBeUndefined();
  });

  it('of a transaction: it is done once', async () => {
    const [thread, assistant] = [aThread(), anAssistant()];
    await commit(create('thread', thread));
    troubled.db.plan('TransactWriteItems', LOST);
    await commit(update('thread', thread, { ...thread, metadata: { n: '1' } }), create('assistant', assistant));
    expect(await read(thread)).toMatchObject({ rev: 1, metadata: { n: '1' } });
  });

  it('with a rival between the two attempts: it is done, and so is what the rival decided on top of it', async () => {
    const thread = aThread();
    await commit(create('thread', thread));
    const mine = update('thread', thread, { ...thread, metadata: { by: 'me' } });
    const theirs = update('thread', mine.record, { ...mine.record, metadata: { by: 'them' } });
    troubled.db.plan('PutItem', LOST);
    troubled.db.plan('PutItem', { before: () => commit(theirs) });
    // The writer cannot know that its write was there before the rival's: it is told what there is now, and decides again.
    expect(await failureOf(commit(mine))).toMatchObject({ name: 'ConflictError', current: theirs.record });
    expect(await read(thread)).toStrictEqual(theirs.record);
  });
});
