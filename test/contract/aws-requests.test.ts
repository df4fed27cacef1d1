/** What each change and each read costs: requests to DynamoDB and the units that it bills, and that no cost grows with the thread. */
import { describe, expect, it, beforeEach } from '@jest/globals';
import { cancelRun } from '../../shared/actions/cancel-run.ts';
import { createMessage } from '../../shared/actions/create-message.ts';
import { createRun } from '../../shared/actions/create-run.ts';
import { createThread } from '../../shared/actions/create-thread.ts';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import { submitToolOutputs } from '../../shared/actions/submit-tool-outputs.ts';
import { newId } from '../../shared/domain/ids.ts';
import { openCalls } from '../../shared/domain/run-step.ts';
import type { Run } from '../../shared/domain/run.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { create, type Write } from '../../shared/ports/commit.ts';
import { keyOf, keys, type PageQuery } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';
import { START_MS } from '../support/manual-clock.ts';
import { meterUnits, type Units } from '../support/engines/meter.ts';
import { aMessage, anApiKey, anAssistant, aRun, aStep, aThread, PROJECT, text } from '../support/records.ts';
import { useEngines } from './aws-stage.ts';
import { type AwsStage, makeAwsWorld } from './aws-world.ts';
import { type Stage, useStage } from './suites/stage.ts';

const engines = useEngines();
let take: () => Units;
let aws: AwsStage;
const stage: Stage = useStage(async () => {
  const clients = (await engines()).clients();
  aws = await makeAwsWorld(await engines(), { clients });
  take = meterUnits(clients.db);
  return aws;
});

const message = (value: string) => ({ role: 'user' as const, content: [text(value)], attachments: [], metadata: {} });
const overrides = { metadata: {}, truncationStrategy: { type: 'auto' as const }, toolChoice: 'auto' as const, parallelToolCalls: true };

interface Cost extends Units {
  requests: Record<string, number>;
}

/** What `work` asks and consumes. */
async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  take();
  aws.requests.take();
  await work();
  await aws.world.drained();
  return { ...take(), requests: aws.requests.take() };
}

/** The world, writing down what each commit asked for before it resolved. */
function watched(world: World, commits: [string, Record<string, number>][]): World {
  const commit: World['commit'] = async (change) => {
    aws.requests.take();
    await world.commit(change);
    commits.push([change.name, aws.requests.take()]);
  };
  return { ...world, commit };
}

describe('a commit', () => {
  const commit = (...writes: Write[]) => stage.world.commit({ name: 'test', writes });

  it.each([
    ['one record', () => [create('message', aMessage())], { PutItem: 1 }],
    ['several records', () => [create('message', aMessage()), create('run', aRun('queued'))], { TransactWriteItems: 1 }],
    ['a hundred records', () => Array.from({ length: 100 }, () => create('message', aMessage())), { TransactWriteItems: 1 }],
  ])('of %s is one request', async (_, writes, requests) => {
    expect((await costOf(() => commit(...writes()))).requests).toEqual(requests);
  });

  it('of one record costs half of what it would cost in a transaction', async () => {
    const alone = await costOf(() => commit(create('message', aMessage())));
    const together = await costOf(() => commit(create('message', aMessage()), create('message', aMessage())));
    expect([alone.write, together.write]).toEqual([1, 4]);
  });

  it('that replaces a listed record does not write to the index', async () => {
    const thread = aThread();
    const made = await costOf(() => commit(create('thread', thread)));
    const changed = await costOf(() => commit({ op: 'update', key: keyOf('thread', thread), record: { ...thread, rev: 1, lastActiveAtMs: START_MS + 1 }, expectRev: 0 }));
    expect([made.write, changed.write]).toEqual([2, 1]);
  });

  it('that loses a race is told what stands there by the same request', async () => {
    const thread = aThread();
    await commit(create('thread', thread));
    expect((await costOf(() => commit(create('thread', thread)).catch(() => undefined))).requests).toEqual({ PutItem: 1 });
    expect((await costOf(() => commit(create('run', aRun('queued')), create('thread', thread)).catch(() => undefined))).requests).toEqual({ TransactWriteItems: 1 });
  });
});

describe('a run', () => {
  const signals = new RunSignals();
  const drive = (world: World, run: Run) => handleJob(world, signals, { job: driveJob(run, 0).job, attempt: 1 });

  it('with one message, plain, takes 17 write units and 8 read units, each commit one request, and no timer', async () => {
    const commits: [string, Record<string, number>][] = [];
    const world = watched(aws.world, commits);
    const [assistant, key] = [anAssistant(), anApiKey()];
    await world.commit({ name: 'put', writes: [create('assistant', assistant), create('api_key', key)] });
    const thread = await createThread(world, PROJECT, { metadata: {}, toolResources: {}, messages: [] });
    commits.length = 0;
    const cost = await costOf(async () => {
      // The API looks up the key of every request: here of one that adds the message and one that starts the run.
      for (let count = 0; count < 2; count++) await world.store.get(keyOf('api_key', key));
      await createMessage(world, PROJECT, thread.id, message('Hello'));
      const { run } = await createRun(world, thread.id, [], { projectId: PROJECT, assistantId: assistant.id, overrides });
      await drive(world, run);
    });
    expect(commits).toEqual([
      ['create-message', { TransactWriteItems: 1 }],
      ['create-run', { SendMessage: 2, TransactWriteItems: 1 }],
      ['claim-run', { PutItem: 1 }],
      ['end-run-completed', { TransactWriteItems: 1 }],
    ]);
    expect(cost).toMatchObject({ read: 8, write: 17, requests: {} });
  });

  /** The requests to Step Functions that `work` makes. */
  const timersOf = async (work: () => Promise<unknown>) => {
    const { requests } = await costOf(work);
    return Object.fromEntries(Object.entries(requests).filter(([name]) => name.endsWith('Execution')));
  };
  /** One whose model will call a function. */
  const waitingRun = async () => {
    const assistant = anAssistant({ tools: [{ type: 'function', function: { name: 'get_weather', parameters: {} } }] });
    await stage.put('assistant', assistant);
    const thread = await createThread(aws.world, PROJECT, { metadata: {}, toolResources: {}, messages: [message('What is the weather?')] });
    const { run } = await createRun(aws.world, thread.id, [], { projectId: PROJECT, assistantId: assistant.id, overrides });
    return { run, ids: { projectId: PROJECT, threadId: thread.id, runId: run.id } };
  };
  const outputs = async ({ threadId, runId }: { threadId: string; runId: string }) => {
    const { items } = await aws.store.page('step', [PROJECT, threadId, runId], { order: 'desc', limit: 1 });
    return items.flatMap(openCalls).map(({ id }) => ({ toolCallId: id, output: 'rain' }));
  };

  it('sets a timer when it begins to wait for outputs, and takes it back when they come, and not at its end', async () => {
    const { run, ids } = await waitingRun();
    expect(await timersOf(() => drive(aws.world, run))).toEqual({ StartExecution: 1 });
    const given = await outputs(ids);
    const resumed: Run[] = [];
    expect(await timersOf(async () => resumed.push((await submitToolOutputs(aws.world, ids, given)).run))).toEqual({ StopExecution: 1 });
    for (const next of resumed) expect(await timersOf(() => drive(aws.world, next))).toEqual({});
    expect(await aws.store.get(keys.run(PROJECT, ids.threadId, run.id))).toMatchObject({ status: 'completed' });
  });

  it('takes its timer back when it is cancelled while it waits, and at no other time', async () => {
    const waiting = await waitingRun();
    await drive(aws.world, waiting.run);
    const cancel = ({ ids }: typeof waiting) => cancelRun(aws.world, PROJECT, ids.threadId, ids.runId);
    const cancelled: Run[] = [];
    expect(await timersOf(async () => cancelled.push(await cancel(waiting)))).toEqual({ StopExecution: 1 });
    const queued = await waitingRun();
    expect(await timersOf(async () => cancelled.push(await cancel(queued)))).toEqual({});
    for (const run of cancelled) expect(await timersOf(() => drive(aws.world, run))).toEqual({});
  });
});

describe('no cost grows with the thread', () => {
  const RUN_ID = newId('run', START_MS + 3_600_000);
  /** Messages a minute apart, so that most are far from the run, whose own two are the newest. */
  const fill = async (threadId: string, count: number) => {
    const old = Array.from({ length: count }, (_, n) => aMessage({ threadId, id: newId('message', START_MS - (count - n) * 60_000, 'msg_'), content: [text('x'.repeat(1000))] }));
    const own = [1, 2].map((n) => aMessage({ threadId, id: newId('message', START_MS + 3_600_000 + n, 'msg_'), runId: RUN_ID, content: [text('y'.repeat(1000))] }));
    const writes = [...old, ...own].map((record) => create('message', record));
    for (let at = 0; at < writes.length; at += 100) await aws.commit({ name: 'fill', writes: writes.slice(at, at + 100) });
    await aws.commit({ name: 'fill', writes: [create('thread', aThread({ id: threadId })), create('step', aStep('completed', { threadId, runId: RUN_ID }))] });
  };
  beforeEach(async () => {
    await fill('thread_short', 30);
    await fill('thread_long', 900);
  });
  const pageCost = async (threadId: string, query: PageQuery) => {
    const { requests, read } = await costOf(() => aws.store.page('message', [PROJECT, threadId], query));
    return { requests, read };
  };

  it.each<[string, PageQuery]>([
    ['the newest page', { order: 'desc', limit: 20 }],
    ['the oldest page', { order: 'asc', limit: 20 }],
    ['one message of the newest', { order: 'desc', limit: 1 }],
    ['the messages of one run', { order: 'desc', limit: 20, where: { runId: RUN_ID } }],
    ['the first message of one run', { order: 'asc', limit: 1, where: { runId: RUN_ID } }],
  ])('%s', async (_, query) => {
    const [short, long] = [await pageCost('thread_short', query), await pageCost('thread_long', query)];
    expect(long.requests).toEqual({ Query: 1 });
    expect(long).toEqual(short);
  });

  it('finds the messages of a run all the same', async () => {
    const { items } = await aws.store.page('message', [PROJECT, 'thread_long'], { order: 'asc', limit: 20, where: { runId: RUN_ID } });
    expect(items).toHaveLength(2);
    const later = newId('run', START_MS + 12 * 3_600_000);
    expect((await aws.store.page('message', [PROJECT, 'thread_long'], { order: 'asc', limit: 20, where: { runId: later } })).items).toEqual([]);
  });

  it('a new message', async () => {
    const cost = (threadId: string) => costOf(() => createMessage(aws.world, PROJECT, threadId, message('Hello')));
    expect(await cost('thread_long')).toEqual(await cost('thread_short'));
  });
});

describe('a list', () => {
  it('of threads asks each shard once and reads only what it shows', async () => {
    const threads = Array.from({ length: 100 }, () => aThread());
    await stage.put('thread', ...threads);
    const { requests, read } = await costOf(() => stage.world.store.page('thread', [PROJECT], { order: 'desc', limit: 20 }));
    expect(requests).toEqual({ Query: 4, BatchGetItem: 1 });
    // A unit for each record, one more of them to tell whether there are more, and one at most for each shard's keys.
    expect(read).toBeLessThanOrEqual(21 + 4);
  });
});
