import { describe, expect, test } from '@jest/globals';
import { calls, hang, hold, httpError, text } from '../../support/scripted-model.ts';
import type { Run } from '../clients/client.ts';
import { RUN_WINDOW_MS, type Stage, eventually, textOf } from '../stage.ts';
import { type Told, merged, read, shape } from '../streams.ts';
import { functionTool, outputsFor } from '../tools.ts';
import { follow } from './follow.ts';

/** A run that waits for the outputs of one call. */
async function waiting(stage: Stage): Promise<Run> {
  const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
  stage.model.script(calls([{ name: 'a', arguments: {} }]));
  return stage.runs.createAndPoll(thread_id, { assistant_id });
}

/** Moves the server's clock to this long before the run's window closes; 0 is the very instant. */
async function untilBeforeEnd(stage: Stage, run: Run, ms: number): Promise<void> {
  const nowMs = await stage.server.jump(0);
  await stage.server.jump(run.created_at * 1000 + RUN_WINDOW_MS - ms - nowMs);
}

/** Lets the run's window close: most of it in one leap, the last seconds as they come. */
async function letExpire(stage: Stage, run: Run): Promise<void> {
  await untilBeforeEnd(stage, run, 20_000);
  await stage.server.pass(20_000);
}

/** The run on a thread, once the model has been heard. */
async function heard(stage: Stage, threadId: string, told: Told): Promise<Run> {
  await eventually('the model has been heard', () => Promise.resolve(told.names.includes('thread.message.delta') || undefined));
  const [run] = (await stage.runs.list(threadId)).data;
  if (!run) throw new Error('there is no run');
  return run;
}

/** All this on a server whose clock the tests move. */
export function expiry(use: () => Stage): void {
  describe('ten minutes', () => {
    test('a run that waits for outputs still waits in the last second, and is expired in the first one after', async () => {
      const stage = use();
      const run = await waiting(stage);
      const { id, thread_id } = run;

      await untilBeforeEnd(stage, run, 900);
      const before = await stage.runs.retrieve(id, { thread_id });
      await untilBeforeEnd(stage, run, 0);
      const after = await stage.runs.retrieve(id, { thread_id });

      expect(before).toEqual(run);
      expect(after).toMatchObject({ status: 'expired', required_action: null, usage: { total_tokens: 15 }, last_error: null, completed_at: null, failed_at: null, cancelled_at: null });
      expect(await stage.stepsOf(run)).toMatchObject([{ status: 'expired', usage: { total_tokens: 15 } }]);
      expect((await stage.stepsOf(run))[0]?.expired_at).not.toBeNull();
      expect((await stage.runs.list(thread_id)).data).toMatchObject([{ status: 'expired' }]);
    });

    test('a run is expired for all who look, though no timer has fired', async () => {
      const stage = use();
      const run = await waiting(stage);
      const { id, thread_id } = run;

      await stage.server.skip(RUN_WINDOW_MS);
      const seen = await stage.runs.retrieve(id, { thread_id });
      const [listed] = (await stage.runs.list(thread_id)).data;
      const [step] = await stage.stepsOf(run);
      const submitted = await stage.failure(stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(run) }));
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });

      expect(seen).toMatchObject({ status: 'expired', required_action: null, usage: { total_tokens: 15 } });
      expect(listed).toEqual(seen);
      expect(step).toMatchObject({ status: 'expired', usage: { total_tokens: 15 } });
      expect(submitted.message).toBe('Runs in status "expired" do not accept tool outputs.');
      expect(await stage.runs.retrieve(id, { thread_id })).toEqual(seen);
    });

    test('an expired run takes no outputs, cannot be cancelled, and frees its thread at once', async () => {
      const stage = use();
      const run = await waiting(stage);
      const { id, thread_id } = run;

      await untilBeforeEnd(stage, run, 0);
      const submitted = await stage.failure(stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(run) }));
      const cancelled = await stage.failure(stage.runs.cancel(id, { thread_id }));
      const added = await stage.messages.create(thread_id, { role: 'user', content: 'Again' });
      stage.model.script(text('Hello.'));
      const next = await stage.runs.createAndPoll(thread_id, { assistant_id: run.assistant_id });

      expect(submitted).toMatchObject({ status: 400, message: 'Runs in status "expired" do not accept tool outputs.' });
      expect(cancelled).toMatchObject({ status: 400, message: "Cannot cancel run with status 'expired'." });
      expect(added.status).toBe('completed');
      expect(next.status).toBe('completed');
      expect(await stage.runs.retrieve(id, { thread_id })).toMatchObject({ status: 'expired', usage: { total_tokens: 15 } });
    });

    test('outputs in the last second are taken, and do not prolong the run', async () => {
      const stage = use();
      const run = await waiting(stage);
      const { id, thread_id } = run;
      const step = hang('Hello to');
      stage.model.script(step);

      await untilBeforeEnd(stage, run, 900);
      const resumed = await stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(run) });
      await step.reached;
      const again = await stage.runs.retrieve(id, { thread_id });
      await stage.server.pass(1000);
      await step.aborted;

      expect(resumed.expires_at).toBe(run.expires_at);
      // Counted anew from when the outputs came.
      expect((again.started_at ?? 0) - run.created_at).toBeGreaterThanOrEqual(599);
      expect((await stage.runs.poll(id, { thread_id })).status).toBe('expired');
    });

    test('a run whose model hangs expires: the model is stopped, the stream ends in order, what was said is kept', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang('Hello to');
      stage.model.script(step);
      const told: Told = { names: [], events: [] };
      const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }), told);

      await letExpire(stage, await heard(stage, thread_id, told));
      await reading;
      await step.aborted;

      expect(shape(told.names).slice(-3)).toEqual(['message.incomplete', 'run.step.expired', 'run.expired']);
      expect(merged((await read(await follow(stage, told.events[0]?.data as Run))).events)).toEqual(merged(told.events));
      const [run] = (await stage.runs.list(thread_id)).data;
      expect(run).toMatchObject({ status: 'expired', completed_at: null });
      expect(run?.usage?.completion_tokens).toBeGreaterThan(0);
      const message = (await stage.messagesOf(thread_id)).at(-1);
      expect(message).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'run_expired' } });
      expect(textOf(message)).toBe('Hello to');
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
    });

    test('a polled run whose model hangs expires likewise', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang();
      stage.model.script(step);
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      await letExpire(stage, run);
      await step.aborted;

      expect(await stage.runs.poll(run.id, { thread_id })).toMatchObject({ status: 'expired', usage: { total_tokens: 0 } });
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
    });

    test('a run goes on through minutes of silence', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step);
      const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }));
      await step.reached;

      await stage.server.pass(150_000);
      step.release();

      expect((await reading).names.at(-1)).toBe('thread.run.completed');
      expect((await stage.messagesOf(thread_id)).map(textOf)).toEqual(['Hello', 'Hello you']);
    });

    test('a run survives a machine that sleeps for five of its minutes', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step);
      const told: Told = { names: [], events: [] };
      const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }), told);
      await heard(stage, thread_id, told);

      await stage.server.jump(300_000);
      // Nobody else may take the run over: its driver is as alive as it was.
      await stage.newThread('Something is written, so due work is looked for.');
      step.release();

      expect((await reading).names.at(-1)).toBe('thread.run.completed');
      expect(stage.model.requests).toHaveLength(1);
      expect((await stage.messagesOf(thread_id)).map(textOf)).toEqual(['Hello', 'Hello you']);
    });

    test('a machine that sleeps through all of them finds its run expired', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang('Hello to');
      stage.model.script(step);
      const told: Told = { names: [], events: [] };
      const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }), told);
      await heard(stage, thread_id, told);

      await stage.server.jump(RUN_WINDOW_MS);
      await step.aborted;

      expect((await reading).names.at(-1)).toBe('thread.run.expired');
    });

    test.each([
      [503, 'server_error'],
      [429, 'rate_limit_exceeded'],
    ])('an upstream that answers %d through all of them leaves the run failed or expired, and the thread free', async (status, code) => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.always(httpError(status, { retryAfterMs: 60_000 }));
      const run = await stage.runs.create(thread_id, { assistant_id });

      const done = await eventually('the run has ended', async () => {
        await stage.server.pass(30_000);
        const seen = await stage.runs.retrieve(run.id, { thread_id });
        return ['failed', 'expired'].includes(seen.status) ? seen : undefined;
      });

      expect(stage.model.requests.length).toBeGreaterThan(5);
      expect(done.status === 'expired' || done.last_error?.code === code).toBe(true);
      expect(done).toMatchObject({ completed_at: null, usage: { total_tokens: 0 } });
      expect(await stage.messagesOf(thread_id)).toHaveLength(1);
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
    });
  });
}
