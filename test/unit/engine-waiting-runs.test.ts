import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cancelRun } from '../../shared/actions/cancel-run.ts';
import { createRunWhenFree } from '../../shared/actions/create-run-when-free.ts';
import { createRun } from '../../shared/actions/create-run.ts';
import { createThread } from '../../shared/actions/create-thread.ts';
import { deleteThread } from '../../shared/actions/delete-thread.ts';
import { commitRunEnd } from '../../shared/actions/end-run.ts';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import { ThreadToBeFreedError } from '../../shared/domain/errors.ts';
import { type ActiveRun, type Run, claimRun, isActive } from '../../shared/domain/run.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { type Change, ConflictError, create, update } from '../../shared/ports/commit.ts';
import type { Outcome } from '../../shared/ports/queue.ts';
import { keys } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { PROJECT, assistantOf, text } from './sample-records.ts';

// No consumer is at work here: jobs are what the commits have sent, and are delivered by the tests, early, late or never.

const DONE: Outcome = { done: true };
const WINDOW_MS = 600_000;

let folder: string;
let clock: ManualClock;
let embedded: EmbeddedWorld;
let world: World;
let changes: Change[];
let threadId: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'threadkeep-waiting-'));
  clock = new ManualClock();
  changes = [];
  const config = { runWindowSeconds: WINDOW_MS / 1000, retention: 'never' as const, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 };
  const log = { info: () => undefined, error: () => undefined };
  embedded = await openEmbeddedWorld({ dataFolder: folder, model: { aliases: new Map() }, config, clock, log });
  world = { ...embedded, isGone: () => false, commit: async (change) => (await embedded.commit(change), void changes.push(change)) };
  await embedded.commit({ name: 'put', writes: [create('assistant', assistantOf())] });
  threadId = (await createThread(world, PROJECT, { messages: [inputOf('Hello')], metadata: {}, toolResources: {} })).id;
});
afterEach(() => {
  embedded.close();
  rmSync(folder, { recursive: true });
});

const inputOf = (words: string) => ({ role: 'user' as const, content: [text(words)], attachments: [], metadata: {} });
const overrides = { metadata: {}, truncationStrategy: { type: 'auto' as const }, toolChoice: 'auto' as const, parallelToolCalls: true };
const request = { projectId: PROJECT, assistantId: 'asst_test', overrides };
const ask = async (words?: string) => (await createRun(world, threadId, words === undefined ? [] : [inputOf(words)], { ...request, whenBusy: 'queue' })).run;
const stored = async (run: Run): Promise<Run> => (await world.store.get(keys.run(PROJECT, threadId, run.id))) ?? run;
const threadOf = () => world.store.get(keys.thread(PROJECT, threadId));
const line = async () => ((await threadOf())?.waitingRuns ?? []).map(({ id }) => id);
const deliver = async (run: Run) => handleJob(world, new RunSignals(), { job: driveJob(run, clock.nowMs()).job, attempt: 1 });
const end = async (run: Run, status: 'completed' | 'expired' | 'cancelled' = 'completed') => commitRunEnd(world, (await stored(run)) as ActiveRun, { status }, run.usage);
const messages = async () => (await world.store.page('message', [PROJECT, threadId], { order: 'asc', limit: 100 })).items.map(({ role, content: [part] }) => `${role}: ${part?.type === 'text' ? part.text.value : ''}`);

/** A run that somebody drives, and does not end. */
async function underWay(): Promise<Run> {
  const run = await ask();
  if (run.status !== 'queued') throw new Error('somebody has it already');
  const write = update('run', run, claimRun(run, { owner: 'somebody', untilMs: clock.nowMs() + WINDOW_MS }, clock.nowMs()));
  await world.commit({ name: 'claim', writes: [write] });
  return write.record;
}

describe('the turn of a run that waits', () => {
  it('comes with the commit that ends the run before, with a job of its own', async () => {
    const first = await underWay();
    const [second, third] = [await ask('Second'), await ask('Third')];
    await end(first);

    expect(await threadOf()).toMatchObject({ activeRun: { id: second.id, expiresAtMs: second.expiresAtMs }, waitingRuns: [{ id: third.id }] });
    const rev = (await stored(second)).rev;
    expect(changes.at(-1)).toMatchObject({ name: 'end-run-completed', jobs: [{ name: `drive:${second.id}`, dueMs: clock.nowMs(), job: { rev } }] });
    expect(rev).toBe(second.rev + 1);
    expect(await messages()).toEqual(['user: Hello']);
    await deliver(second);
    await deliver(third);
    expect((await messages()).slice(0, 2)).toEqual(['user: Hello', 'user: Second']);
    expect((await messages()).filter((words) => words.startsWith('user'))).toEqual(['user: Hello', 'user: Second', 'user: Third']);
    expect([(await stored(second)).status, (await stored(third)).status, await line(), (await threadOf())?.activeRun]).toEqual(['completed', 'completed', [], undefined]);
  });

  it('is not come while the one before holds the thread: its job rests until that must have ended', async () => {
    const first = await underWay();
    clock.advance(5000);
    const second = await ask();
    expect(second.expiresAtMs).toBeGreaterThan(first.expiresAtMs);
    expect(changes.at(-1)?.jobs).toMatchObject([{ name: `drive:${second.id}`, dueMs: first.expiresAtMs }]);
    clock.advance(55_000);
    expect(await deliver(second)).toEqual({ done: false, againInMs: WINDOW_MS - 60_000 });
    expect(await stored(second)).toEqual(second);
  });

  it('is taken when the one before is past its window and nobody has written that down', async () => {
    const first = await underWay();
    clock.advance(5000);
    const [second, third] = [await ask('Second'), await ask('Third')];
    clock.advance(WINDOW_MS - 5000);
    expect(await deliver(third)).toEqual({ done: false, againInMs: 5000 });
    expect(await deliver(second)).toEqual(DONE);

    expect([(await stored(first)).status, (await stored(second)).status]).toEqual(['in_progress', 'completed']);
    expect(await threadOf()).toMatchObject({ activeRun: { id: third.id } });
    await end(first, 'expired');
    expect(await threadOf()).toMatchObject({ activeRun: { id: third.id } });
    await deliver(third);
    expect((await messages()).filter((words) => words.startsWith('user'))).toEqual(['user: Hello', 'user: Second', 'user: Third']);
  });

  it('passes over those that were cancelled or waited too long', async () => {
    const first = await underWay();
    const second = await ask('Never said');
    clock.advance(1000);
    const [third, fourth] = [await ask('Nor this'), await ask('Said')];
    await cancelRun(world, PROJECT, threadId, third.id);
    clock.advance(WINDOW_MS - 1000);
    await end(first, 'expired');

    expect(await threadOf()).toMatchObject({ activeRun: { id: fourth.id } });
    expect(await line()).toEqual([]);
    expect([await deliver(second), (await stored(second)).status]).toEqual([DONE, 'expired']);
    expect([await deliver(third), (await stored(third)).status]).toEqual([DONE, 'cancelled']);
    expect([await deliver(fourth), (await stored(fourth)).status]).toEqual([DONE, 'completed']);
    expect((await messages()).filter((words) => words.startsWith('user'))).toEqual(['user: Hello', 'user: Said']);
  });

  it('goes to the next one when it is cancelled as it comes', async () => {
    const first = await underWay();
    const [second, third] = [await ask('Never said'), await ask('Said')];
    await end(first);
    await cancelRun(world, PROJECT, threadId, second.id);
    await deliver(second);
    await deliver(third);

    expect([(await stored(second)).status, (await stored(third)).status]).toEqual(['cancelled', 'completed']);
    expect((await threadOf())?.activeRun).toBeUndefined();
  });

  it('is nobody’s when the thread is gone', async () => {
    const first = await underWay();
    const second = await ask('Never said');
    await deleteThread(world, PROJECT, threadId);

    expect(await end(first)).toBeUndefined();
    expect(await deliver(second)).toEqual(DONE);
    expect((await stored(second)).status).toBe('queued');
    expect(await messages()).toEqual(['user: Hello']);
  });

  it('is judged anew when somebody changes the run that it comes to', async () => {
    const first = await underWay();
    const second = await ask();
    const { store } = world;
    world.store = { ...store, get: async (key) => {
      const found = await store.get(key);
      // Between the look at it and the commit.
      if (key.kind === 'run' && key.id === second.id && found && isActive(found as Run) && (found as Run).status === 'queued') await cancelRun(embedded, PROJECT, threadId, second.id);
      return found;
    } };

    await expect(end(first)).rejects.toBeInstanceOf(ConflictError);
    world.store = store;
    expect((await stored(first)).status).toBe('in_progress');
    await end(first);
    expect((await threadOf())?.activeRun).toBeUndefined();
  });
});

describe('a run that takes the place of others', () => {
  it('gives up when they have not ended after half a minute, and has made nothing', async () => {
    const first = await underWay();
    const asked: string[] = [];
    const creating = createRunWhenFree(world, threadId, [inputOf('Never said')], { ...request, whenBusy: 'cancel_active', lease: () => undefined, onCancel: (runId) => asked.push(runId) });
    const outcome = creating.then(() => 'made', (error: unknown) => error);
    await clock.pass(31_000);

    expect(await outcome).toBeInstanceOf(ThreadToBeFreedError);
    expect(asked).toEqual([first.id]);
    expect((await stored(first)).status).toBe('cancelling');
    expect((await world.store.page('run', [PROJECT, threadId], { order: 'asc', limit: 10 })).items).toHaveLength(1);
    expect(await messages()).toEqual(['user: Hello']);
  });

  it('takes its lease when the thread is free, not when it began to wait', async () => {
    const first = await underWay();
    const lease = () => ({ owner: 'me', untilMs: clock.nowMs() + 30_000 });
    const creating = createRunWhenFree(world, threadId, [], { ...request, whenBusy: 'cancel_active', lease, onCancel: () => undefined });
    await clock.pass(10_000);
    await end(first, 'cancelled');
    await clock.pass(1000);

    const { run } = await creating;
    expect(run).toMatchObject({ status: 'in_progress', lease: { untilMs: run.createdAtMs + 30_000 } });
    expect(run.createdAtMs).toBeGreaterThanOrEqual(first.createdAtMs + 10_000);
  });
});
