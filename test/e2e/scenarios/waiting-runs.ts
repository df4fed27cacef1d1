import { describe, expect, test } from '@jest/globals';
import { type Step, calls, hang, hold, text } from '../../support/scripted-model.ts';
import { asking, busyThread, ended, when, wordsOf } from '../busy-thread.ts';
import type { Run } from '../clients/client.ts';
import { type Stage, eventually, ids, textOf } from '../stage.ts';
import { type Told, merged, only, read, shape } from '../streams.ts';
import { functionTool, outputsFor } from '../tools.ts';
import { follow } from './follow.ts';

const MOST_WAITING = 10;
/** So many runs, one after the other, take their time on a busy machine. */
const PATIENCE_MS = 120_000;

export function waitingRuns(use: () => Stage): void {
  describe('a run that waits for its thread', () => {
    test('begins when the one before has ended, and its messages come then', async () => {
      const stage = use();
      const { thread_id, first, step, ask } = await busyThread(stage);
      const second = await ask('queue', asking('And then?'));
      const third = await ask('queue', { ...asking('And after that?'), metadata: { number: '3' } });
      const meanwhile = await wordsOf(stage, thread_id);
      const listed = (await stage.runs.list(thread_id, { order: 'asc' })).data;
      stage.model.script(
        text('Second answer').forRequest(({ messages }) => expect(messages.map(({ content }) => content)).toEqual(['Hello', 'First answer', 'And then?'])),
        text('Third answer').forRequest(({ messages }) => expect(messages.at(-1)?.content).toBe('And after that?')),
      );

      step.release();
      const runs = [await ended(stage, first), await ended(stage, second), await ended(stage, third)];

      expect(second).toMatchObject({ status: 'queued', started_at: null, expires_at: second.created_at + 600, usage: null });
      expect(meanwhile).toEqual(['user: Hello']);
      expect(listed.map(({ id, status }) => [id, status])).toEqual([[first.id, 'in_progress'], [second.id, 'queued'], [third.id, 'queued']]);
      expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
      expect(runs[2]?.metadata).toEqual({ number: '3' });
      expect(await wordsOf(stage, thread_id)).toEqual(['user: Hello', 'assistant: First answer', 'user: And then?', 'assistant: Second answer', 'user: And after that?', 'assistant: Third answer']);
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
    });

    test('keeps the thread from all others, which are refused as ever', async () => {
      const stage = use();
      const { thread_id, first, step, ask } = await busyThread(stage);
      const second = await ask('queue');

      const message = await stage.failure(stage.messages.create(thread_id, { role: 'user', content: 'Wait' }));
      const run = await stage.failure(ask('reject'));
      stage.model.script(text('Second answer'));
      step.release();
      await ended(stage, second);

      expect(message.message).toBe(`Can't add messages to ${thread_id} while a run ${first.id} is active.`);
      expect(run).toMatchObject({ status: 400, message: `Thread ${thread_id} already has an active run ${first.id}.` });
    });

    test('has nine more beside it at most', async () => {
      const stage = use();
      const { thread_id, first, step, ask } = await busyThread(stage);
      const waiting: Run[] = [];
      for (let n = 0; n < MOST_WAITING; n++) waiting.push(await ask('queue', asking(`ask ${n}`)));

      const refused = await stage.failure(ask('queue', asking('one too many')));
      for (let n = 0; n < MOST_WAITING; n++) stage.model.script(text(`answer ${n}`));
      step.release();
      const runs = await Promise.all(waiting.map((run) => ended(stage, run)));

      expect(refused).toMatchObject({ status: 400, type: 'invalid_request_error', message: `Thread ${thread_id} already has an active run ${first.id}. 10 more wait for it, and no more than that may.` });
      expect(runs.map(({ status }) => status)).toEqual(waiting.map(() => 'completed'));
      expect(await wordsOf(stage, thread_id)).toEqual(['user: Hello', 'assistant: First answer', ...waiting.flatMap((_, n) => [`user: ask ${n}`, `assistant: answer ${n}`])]);
    }, PATIENCE_MS);

    test('that is cancelled leaves the line, and no message', async () => {
      const stage = use();
      const { thread_id, step, ask } = await busyThread(stage);
      const second = await ask('queue', asking('Never said'));
      const third = await ask('queue', asking('Said'));

      const cancelling = await stage.runs.cancel(second.id, { thread_id });
      const cancelled = await ended(stage, second);
      stage.model.script(text('Third answer'));
      step.release();
      await ended(stage, third);

      expect(cancelling.status).toBe('cancelling');
      expect(cancelled).toMatchObject({ status: 'cancelled', started_at: null, usage: { total_tokens: 0 } });
      expect(await wordsOf(stage, thread_id)).toEqual(['user: Hello', 'assistant: First answer', 'user: Said', 'assistant: Third answer']);
    });

    test.each<[string, Step, (stage: Stage, run: Run) => Promise<unknown>]>([
      ['cancelled', hang('Half'), (stage, run) => stage.runs.cancel(run.id, { thread_id: run.thread_id })],
      ['cancelled while it waits for outputs', calls([{ name: 'a', arguments: {} }]), (stage, run) => stage.runs.cancel(run.id, { thread_id: run.thread_id })],
    ])('begins also when the one before is %s', async (_how, step, act) => {
      const stage = use();
      const { first, ask } = await busyThread(stage, step, { tools: [functionTool('a')] });
      if (step.label.startsWith('calls')) await ended(stage, first);
      const second = await ask('queue');
      stage.model.script(text('Second answer'));

      await act(stage, first);

      expect((await ended(stage, first)).status).toBe('cancelled');
      expect((await ended(stage, second)).status).toBe('completed');
    });

    test('waits while the one before waits for outputs, and through them', async () => {
      const stage = use();
      const { first, thread_id, ask } = await busyThread(stage, calls([{ name: 'a', arguments: {} }]), { tools: [functionTool('a')] });
      const waiting = await ended(stage, first);
      const second = await ask('queue', asking('And then?'));

      const meanwhile = await stage.runs.retrieve(second.id, { thread_id });
      stage.model.script(text('First answer'), text('Second answer'));
      await stage.runs.submitToolOutputs(first.id, { thread_id, tool_outputs: outputsFor(waiting) });
      await ended(stage, second);

      expect(meanwhile.status).toBe('queued');
      expect(await wordsOf(stage, thread_id)).toEqual(['user: Hello', 'assistant: First answer', 'user: And then?', 'assistant: Second answer']);
    });

    test('goes away with its thread', async () => {
      const stage = use();
      const { thread_id, step, ask } = await busyThread(stage, hang('Half'));
      const second = await ask('queue', asking('Never said'));
      const following = stage.failure(read(await follow(stage, second)));

      await stage.threads.delete(thread_id);
      await step.aborted;

      expect((await following).message).toContain(`No thread found with id '${thread_id}'.`);
      expect(await stage.failure(stage.runs.retrieve(second.id, { thread_id }))).toMatchObject({ status: 404 });
    });

    test('is streamed when it is asked to be: from its place in the line to its end', async () => {
      const stage = use();
      const { thread_id, step, stream } = await busyThread(stage);
      const told: Told = { names: [], events: [] };
      const reading = read(await stream('queue', asking('And then?')), told);
      await eventually('it is queued', () => Promise.resolve(told.names.includes('thread.run.queued') || undefined));
      const before = [...told.names];
      stage.model.script(text('Second answer'));

      step.release();
      await reading;

      expect(shape(before)).toEqual(['run.created', 'run.queued']);
      expect(shape(told.names).slice(2)).toEqual(['run.in_progress', 'run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.delta', 'message.completed', 'run.step.completed', 'run.completed']);
      expect(textOf(only(told, 'thread.message.completed'))).toBe('Second answer');
      const run = only(told, 'thread.run.completed');
      expect(run).toEqual(await stage.runs.retrieve(run.id, { thread_id }));
      expect(merged((await read(await follow(stage, run))).events)).toEqual(merged(told.events));
    });

    test('is made once for one Idempotency-Key', async () => {
      const stage = use();
      const { thread_id, step, ask } = await busyThread(stage);
      const key = `queue ${thread_id}`;
      const second = await ask('queue', asking('And then?'), key);
      const again = await ask('queue', asking('And then?'), key);
      stage.model.script(text('Second answer'));

      step.release();
      const run = await ended(stage, second);

      expect(again.id).toBe(second.id);
      expect((await ask('queue', asking('And then?'), key)).status).toBe('completed');
      expect(run.status).toBe('completed');
      expect(ids((await stage.runs.list(thread_id)).data)).toHaveLength(2);
    });

    test('is one of twenty that are asked for at once: one runs, ten wait, nine are refused', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Answer');
      stage.model.always(step);

      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => stage.runs.create(thread_id, { assistant_id }, when('queue'))));
      const runs = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      step.release();
      const statuses = await Promise.all(runs.map(async (run) => (await ended(stage, run)).status));

      expect(runs).toHaveLength(MOST_WAITING + 1);
      expect(new Set(statuses)).toEqual(new Set(['completed']));
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ status: 400, message: expect.stringContaining('10 more wait') as unknown });
      expect(await stage.messagesOf(thread_id)).toHaveLength(1 + runs.length);
    }, PATIENCE_MS);
  });
}
