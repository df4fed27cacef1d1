import { describe, expect, test } from '@jest/globals';
import { Step, calls, hang, httpError, length, text } from '../../support/scripted-model.ts';
import type { Run } from '../clients/client.ts';
import { type Stage, textOf } from '../stage.ts';
import { read, shape } from '../streams.ts';
import { functionTool, outputsFor } from '../tools.ts';

const ended = (stage: Stage, { id, thread_id }: Pick<Run, 'id' | 'thread_id'>): Promise<Run> => stage.runs.poll(id, { thread_id });

export function cancel(use: () => Stage): void {
  describe('cancelling', () => {
    test('a run that streams stops the model itself, and tells it in order', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang('Hello to');
      stage.model.script(step);

      const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }));
      const partial = await step.reached.then(() => stage.runs.list(thread_id));
      const cancelling = await stage.runs.cancel(partial.data[0]?.id ?? '', { thread_id });
      const told = await reading;
      await step.aborted;

      expect(cancelling).toMatchObject({ status: 'cancelling', usage: null, cancelled_at: null });
      const names = shape(told.names);
      expect(names.slice(0, 3)).toEqual(['run.created', 'run.queued', 'run.in_progress']);
      expect(names.filter((name) => /cancel|incomplete/.test(name)).at(0)).toBe('run.cancelling');
      expect(names.at(-1)).toBe('run.cancelled');
    });

    test('a run that has begun to speak keeps what it has said, and its usage', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang('Hello to');
      stage.model.script(step);

      const names: string[] = [];
      for await (const { event, data } of await stage.runs.create(thread_id, { assistant_id, stream: true })) {
        names.push(event);
        if (event === 'thread.message.delta' && names.filter((name) => name === event).length === 2) await stage.runs.cancel((await stage.runs.list(thread_id)).data[0]?.id ?? '', { thread_id });
        if (event === 'thread.run.cancelled') expect(data).toEqual(await stage.runs.retrieve(data.id, { thread_id }));
      }
      await step.aborted;

      expect(shape(names).slice(-5)).toEqual(['message.delta', 'run.cancelling', 'message.incomplete', 'run.step.cancelled', 'run.cancelled']);
      const [run] = (await stage.runs.list(thread_id)).data;
      expect(run).toMatchObject({ status: 'cancelled', expires_at: null, completed_at: null, last_error: null });
      expect(run?.usage?.completion_tokens).toBeGreaterThan(0);
      expect(run?.usage?.prompt_tokens).toBeGreaterThan(0);
      const message = (await stage.messagesOf(thread_id)).at(-1);
      expect(message).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'run_cancelled' } });
      expect(textOf(message)).toBe('Hello to');
      expect(run && (await stage.stepsOf(run))).toMatchObject([{ status: 'cancelled', usage: run?.usage }]);
    });

    test('a run that nobody listens to stops the model too', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang('Hello to');
      stage.model.script(step);
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      await stage.runs.cancel(run.id, { thread_id });
      await step.aborted;

      const done = await ended(stage, run);
      expect(done).toMatchObject({ status: 'cancelled', started_at: expect.any(Number) as unknown });
      expect(done.cancelled_at).not.toBeNull();
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
    });

    test('before the first word leaves no message', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang();
      stage.model.script(step);
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      await stage.runs.cancel(run.id, { thread_id });
      await step.aborted;

      expect(await ended(stage, run)).toMatchObject({ status: 'cancelled', usage: { total_tokens: 0 } });
      expect(await stage.messagesOf(thread_id)).toHaveLength(1);
      expect(await stage.stepsOf(run)).toEqual([]);
    });

    test('while the upstream is given a pause ends it at once', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = httpError(429, { retryAfterMs: 300_000 });
      stage.model.script(step);
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      await stage.runs.cancel(run.id, { thread_id });

      expect((await ended(stage, run)).status).toBe('cancelled');
    });

    test('a run that waits for outputs cancels its step, and takes no outputs any more', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([{ name: 'a', arguments: {} }]));
      const waiting = await stage.runs.createAndPoll(thread_id, { assistant_id });

      const cancelling = await stage.runs.cancel(waiting.id, { thread_id });
      const run = await ended(stage, waiting);

      expect(cancelling).toMatchObject({ status: 'cancelling', required_action: null });
      expect(run).toMatchObject({ status: 'cancelled', required_action: null, usage: { total_tokens: 15 } });
      expect(await stage.stepsOf(run)).toMatchObject([{ status: 'cancelled', usage: { total_tokens: 15 }, step_details: { tool_calls: [{ function: { output: null } }] } }]);
      const refused = await stage.failure(stage.runs.submitToolOutputs(run.id, { thread_id, tool_outputs: outputsFor(waiting) }));
      expect(refused).toMatchObject({ status: 400, message: 'Runs in status "cancelled" do not accept tool outputs.' });
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
    });

    test('between two rounds keeps what the first has used', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([{ name: 'a', arguments: {} }]));
      const waiting = await stage.runs.createAndPoll(thread_id, { assistant_id });
      const step = hang();
      stage.model.script(step);
      await stage.runs.submitToolOutputs(waiting.id, { thread_id, tool_outputs: outputsFor(waiting) });
      await step.reached;

      await stage.runs.cancel(waiting.id, { thread_id });
      await step.aborted;

      expect(await ended(stage, waiting)).toMatchObject({ status: 'cancelled', usage: { total_tokens: 15 } });
      expect(await stage.stepsOf(waiting)).toMatchObject([{ status: 'completed' }]);
    });

    test('a run that is over is refused, whatever its end', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      const over = async (): Promise<Run> => stage.runs.createAndPoll(thread_id, { assistant_id });
      stage.model.script(text('Done.'), length('Do'), httpError(400, {}), calls([{ name: 'a', arguments: {} }]));
      const [completed, incomplete, failed, waiting] = [await over(), await over(), await over(), await over()];
      await stage.runs.cancel(waiting.id, { thread_id });
      const cancelled = await ended(stage, waiting);

      for (const run of [completed, incomplete, failed, cancelled]) {
        const failure = await stage.failure(stage.runs.cancel(run.id, { thread_id }));
        expect(failure.error).toBeInstanceOf(stage.sdk.errors.BadRequestError);
        expect(failure).toMatchObject({ message: `Cannot cancel run with status '${run.status}'.`, type: 'invalid_request_error', param: null, code: null });
        expect(await stage.runs.retrieve(run.id, { thread_id })).toEqual(run);
      }
      expect([completed, incomplete, failed, cancelled].map(({ status }) => status)).toEqual(['completed', 'incomplete', 'failed', 'cancelled']);
    });

    test('by deleting the thread stops the model', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang('Hello to');
      stage.model.script(step);
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      await stage.threads.delete(thread_id);
      await step.aborted;

      const { status } = await stage.failure(stage.runs.retrieve(run.id, { thread_id }));
      expect(status).toBe(404);
    });

    test('by deleting the thread ends its stream, which says so', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang('Hello to');
      stage.model.script(step);
      const stream = await stage.runs.create(thread_id, { assistant_id, stream: true });
      const failing = stage.failure(read(stream));
      await step.reached;

      await stage.threads.delete(thread_id);
      await step.aborted;

      // A client must not wait for a run that is gone, nor take it for a finished one.
      expect((await failing).message).not.toBe('');
    });

    test('by deleting the thread between a text and a call ends its stream, which says so', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      const step = textThenCall('a');
      stage.model.script(step);
      const failing = stage.failure(read(await stage.runs.create(thread_id, { assistant_id, stream: true })));
      await step.reached;

      await stage.threads.delete(thread_id);
      step.release();

      expect((await failing).message).not.toMatch(/server had an error/);
    });
  });
}

/** Says a text, and calls the function when it is released. */
function textThenCall(name: string): Step {
  const { moves } = calls([{ name, arguments: {} }], { text: 'Let me see.' });
  const called = moves.findIndex((move) => move.kind === 'delta' && move.delta.tool_calls !== undefined);
  return new Step('a text, then a call', moves.toSpliced(called, 0, { kind: 'wait' }));
}
