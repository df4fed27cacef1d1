import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cancelRun } from '../../shared/actions/cancel-run.ts';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import { type Run, releaseTo } from '../../shared/domain/run.ts';
import type { EmbeddedWorld } from '../../shared/embedded/index.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { newLease } from '../../shared/engine/hold.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { update } from '../../shared/ports/commit.ts';
import { type Model, type ModelChunk, ModelError, type ModelRequest } from '../../shared/ports/model.ts';
import type { Delivery, Outcome } from '../../shared/ports/queue.ts';
import { keys } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { PROJECT } from './sample-records.ts';
import { newRunOn, openStillWorld } from './still-world.ts';

// A driver whose time is up leaves its run to the next one, who goes on at once. The clock stands still in all of this: nothing waits for a lease.

const AGAIN_NOW: Outcome = { done: false, againInMs: 0 };
const usage = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 };
const says = (content: string): ModelChunk => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const calls = (name: string): ModelChunk => ({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: '{}' } }] }, finish_reason: null }] });
const STOP: ModelChunk = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage };

/** Answers each call with the next of these; after an answer without an end it says nothing more until it is hung up on. */
class ScriptedModel implements Model {
  readonly requests: ModelRequest[] = [];
  readonly answers: ModelChunk[][] = [];
  hungUp = 0;
  isBusy = false;

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelChunk> {
    this.requests.push(request);
    if (this.isBusy) throw new ModelError('rate_limited', 'busy');
    const chunks = this.answers.shift();
    if (!chunks) throw new Error('a call that no answer is left for');
    yield* chunks;
    if (chunks.at(-1) === STOP) return;
    await new Promise((_, reject) => {
      const hangUp = () => (this.hungUp++, reject(signal.reason as Error));
      if (signal.aborted) hangUp();
      signal.addEventListener('abort', hangUp);
    });
  }

  list = () => Promise.resolve([]);
}

let clock: ManualClock;
let close: () => void;
let model: ScriptedModel;
let embedded: EmbeddedWorld;
beforeEach(async () => {
  model = new ScriptedModel();
  ({ clock, embedded, close } = await openStillWorld());
});
afterEach(() => close());

/** The world as one process among several has it: who dies is known to nobody. */
const processOf = (owner: string): World => ({ ...embedded, model, owner, isGone: () => false });

const newRun = (): Promise<Run> => newRunOn(embedded);

const deliveryOf = (run: Run): Delivery => ({ job: driveJob(run, clock.nowMs()).job, attempt: 1 });
const stored = (run: Run) => embedded.store.get(keys.run(PROJECT, run.threadId, run.id));
const textsOf = async (run: Run) => {
  const { items } = await embedded.store.page('message', [PROJECT, run.threadId], { order: 'asc', limit: 100 });
  return items.flatMap(({ content }) => content.map((part) => (part.type === 'text' ? part.text.value : '')));
};
const stepsOf = async (run: Run) => {
  const { items } = await embedded.store.page('step', [PROJECT, run.threadId, run.id], { order: 'asc', limit: 100 });
  return items.map(({ details, status }) => `${details.type} ${status}`);
};
const settled = async () => {
  for (let n = 0; n < 20; n++) await turn();
};

/** Has `owner` drive the run until the model says nothing more. */
async function driveUntilSilent(run: Run, owner = 'first') {
  const time = new AbortController();
  const leaving = handleJob(processOf(owner), new RunSignals(), deliveryOf(run), time.signal);
  await settled();
  return { leaving, time };
}
const takeOver = (run: Run) => handleJob(processOf('second'), new RunSignals(), deliveryOf(run));

describe('a run given back', () => {
  it('in the middle of an answer is finished by the next delivery at once, and nothing is there twice', async () => {
    model.answers.push([says('Half of')], [says('The whole.'), STOP]);
    const run = await newRun();
    const { leaving, time } = await driveUntilSilent(run);
    expect(await takeOver(run)).toMatchObject({ done: false, againInMs: 30_000 });

    time.abort();
    expect([await leaving, model.hungUp]).toEqual([AGAIN_NOW, 1]);
    expect(await stored(run)).toMatchObject({ status: 'in_progress', lease: { untilMs: 0 } });
    expect([await textsOf(run), await stepsOf(run)]).toEqual([['Hello'], []]);

    expect(await takeOver(run)).toEqual({ done: true });
    expect(await stored(run)).toMatchObject({ status: 'completed', usage: { promptTokens: 10, completionTokens: 3 } });
    expect([await textsOf(run), await stepsOf(run)]).toEqual([['Hello', 'The whole.'], ['message_creation completed']]);
    expect(model.requests[1]).toEqual(model.requests[0]);
    expect((await embedded.store.get(keys.thread(PROJECT, run.threadId)))?.activeRun).toBeUndefined();
  });

  it('goes on behind what was stored of it', async () => {
    model.answers.push([says('Let me look.'), calls('unknown'), STOP], [says('Half of')], [says('The whole.'), STOP]);
    const run = await newRun();
    const { leaving, time } = await driveUntilSilent(run);
    time.abort();
    expect(await leaving).toEqual(AGAIN_NOW);
    const before = await stepsOf(run);
    expect(before).toEqual(['message_creation completed', 'tool_calls completed']);

    expect(await takeOver(run)).toEqual({ done: true });
    expect(model.requests).toHaveLength(3);
    expect(model.requests[2]).toEqual(model.requests[1]);
    expect([await textsOf(run), await stepsOf(run)]).toEqual([['Hello', 'Let me look.', 'The whole.'], [...before, 'message_creation completed']]);
  });

  it('while its driver waits to ask a busy model again is not waited for', async () => {
    model.isBusy = true;
    const run = await newRun();
    const { leaving, time } = await driveUntilSilent(run);
    time.abort();
    expect([await leaving, model.requests.length]).toEqual([AGAIN_NOW, 1]);
  });

  it('before it was taken stays as it is', async () => {
    const run = await newRun();
    expect(await handleJob(processOf('first'), new RunSignals(), deliveryOf(run), AbortSignal.abort())).toEqual(AGAIN_NOW);
    expect(await stored(run)).toEqual(run);
  });

  it('when it was changed in the meantime is given back as it is now', async () => {
    model.answers.push([says('Half of')]);
    const run = await newRun();
    const { leaving, time } = await driveUntilSilent(run);
    const seen = await stored(run);
    if (!seen) throw new Error('it is there');
    await embedded.commit({ name: 'rival', writes: [update('run', seen, { ...seen, metadata: { by: 'rival' } })] });
    time.abort();
    expect(await leaving).toEqual(AGAIN_NOW);
    expect(await stored(run)).toMatchObject({ status: 'in_progress', lease: { untilMs: 0 }, metadata: { by: 'rival' } });
  });

  it('when it was cancelled in the meantime is cancelled, with what was said of it', async () => {
    model.answers.push([says('Half of')]);
    const run = await newRun();
    const { leaving, time } = await driveUntilSilent(run);
    await cancelRun(embedded, PROJECT, run.threadId, run.id);
    time.abort();
    expect(await leaving).toEqual({ done: true });
    expect([(await stored(run))?.status, await textsOf(run)]).toEqual(['cancelled', ['Hello', 'Half of']]);
  });

  it('when somebody else has taken it is theirs', async () => {
    model.answers.push([says('Half of')]);
    const run = await newRun();
    const { leaving, time } = await driveUntilSilent(run);
    const seen = await stored(run);
    if (seen?.status !== 'in_progress') throw new Error('it is under way');
    const theirs = update('run', seen, releaseTo(seen, newLease(processOf('second'))));
    await embedded.commit({ name: 'rival', writes: [theirs] });
    time.abort();
    expect([await leaving, await stored(run)]).toEqual([{ done: true }, theirs.record]);
  });

  it('comes again from the queue at once, and not as a failed attempt', async () => {
    model.answers.push([says('Half of')], [says('The whole.'), STOP]);
    const run = await newRun();
    const time = new AbortController();
    const attempts: number[] = [];
    const consumer = embedded.queue.consume((delivery) => {
      attempts.push(delivery.attempt);
      return handleJob(processOf(`delivery ${attempts.length}`), new RunSignals(), delivery, attempts.length === 1 ? time.signal : undefined);
    });
    await settled();
    time.abort();
    for (let n = 0; n < 200 && (await stored(run))?.status !== 'completed'; n++) await turn();
    consumer.stop();
    expect([attempts, await textsOf(run), clock.nowMs()]).toEqual([[1, 1], ['Hello', 'The whole.'], run.createdAtMs]);
  });
});
