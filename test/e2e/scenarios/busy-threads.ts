import { describe, expect, test } from '@jest/globals';
import { type Step, calls, hang, hold, text } from '../../support/scripted-model.ts';
import type { AssistantCreateParams, Run, RunBody } from '../clients/client.ts';
import { type Stage, eventually, ids, textOf } from '../stage.ts';
import { type Told, merged, only, read, shape } from '../streams.ts';
import { functionTool, outputsFor } from '../tools.ts';
import { follow } from './follow.ts';

type WhenBusy = 'reject' | 'queue' | 'cancel_active';
const when = (whenBusy: WhenBusy, key?: string) => ({ headers: { 'x-threadkeep-when-busy': whenBusy, ...(key !== undefined && { 'Idempotency-Key': key }) } });

const MOST_WAITING = 10;
const asking = (content: string): Partial<RunBody> => ({ additional_messages: [{ role: 'user', content }] });
const ended = (stage: Stage, { id, thread_id }: Run): Promise<Run> => stage.runs.poll(id, { thread_id });
const wordsOf = async (stage: Stage, threadId: string): Promise<string[]> => (await stage.messagesOf(threadId)).map((message) => `${message.role}: ${textOf(message)}`);

/** A thread whose run is under way until it is told to go on, and a way to ask for more runs on it. */
async function busyThread(stage: Stage, step: Step = hold('First answer'), settings: Partial<AssistantCreateParams> = {}) {
  const { assistant_id, thread_id } = await stage.newPair(settings, 'Hello');
  stage.model.script(step);
  const first = await stage.runs.create(thread_id, { assistant_id });
  await step.reached;
  const ask = (whenBusy: WhenBusy, body: Partial<RunBody> = {}, key?: string): Promise<Run> => stage.runs.create(thread_id, { assistant_id, ...body }, when(whenBusy, key));
  const stream = (whenBusy: WhenBusy, body: Partial<RunBody> = {}) => stage.runs.create(thread_id, { assistant_id, ...body, stream: true }, when(whenBusy));
  return { assistant_id, thread_id, first, step, ask, stream };
}

export function busyThreads(use: () => Stage): void {
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
    });

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
    });
  });

  describe('a run that takes the place of the active one', () => {
    test.each([
      ['polled', false],
      ['streamed', true],
    ])('cancels it and begins: %s', async (_how, streamed) => {
      const stage = use();
      const { thread_id, first, step, ask, stream } = await busyThread(stage, hang('Half of'));
      stage.model.script(text('Second answer').forRequest(({ messages }) => expect(messages.at(-1)?.content).toBe('Never mind')));

      const second = streamed ? only(await read(await stream('cancel_active', asking('Never mind'))), 'thread.run.completed') : await ended(stage, await ask('cancel_active', asking('Never mind')));
      await step.aborted;

      expect(second.status).toBe('completed');
      expect((await stage.runs.retrieve(first.id, { thread_id })).status).toBe('cancelled');
      const words = await wordsOf(stage, thread_id);
      expect([words.at(0), ...words.slice(-2)]).toEqual(['user: Hello', 'user: Never mind', 'assistant: Second answer']);
    });

    test('cancels also those that wait', async () => {
      const stage = use();
      const { thread_id, first, ask } = await busyThread(stage, hang());
      const waiting = [await ask('queue', asking('Never said')), await ask('queue', asking('Nor this'))];
      stage.model.script(text('Last answer'));

      const last = await ended(stage, await ask('cancel_active', asking('Never mind')));

      expect(last.status).toBe('completed');
      for (const { id } of [first, ...waiting]) expect((await stage.runs.retrieve(id, { thread_id })).status).toBe('cancelled');
      expect(await wordsOf(stage, thread_id)).toEqual(['user: Hello', 'user: Never mind', 'assistant: Last answer']);
    });

    test('repeated with its Idempotency-Key does not cancel itself', async () => {
      const stage = use();
      const { thread_id, ask } = await busyThread(stage, hang());
      const step = hold('Second answer');
      stage.model.script(step);
      const key = `cancel ${thread_id}`;
      const second = await ask('cancel_active', asking('Never mind'), key);
      await step.reached;

      const again = await ask('cancel_active', asking('Never mind'), key);
      step.release();

      expect(again).toMatchObject({ id: second.id, status: 'in_progress' });
      expect((await ended(stage, second)).status).toBe('completed');
    });

    test('of two that race both are made, and both end', async () => {
      const stage = use();
      const { thread_id, ask } = await busyThread(stage, hang());
      stage.model.always(text('Answer'));

      const runs = await Promise.all([ask('cancel_active'), ask('cancel_active')]);
      const statuses = await Promise.all(runs.map(async (run) => (await ended(stage, run)).status));

      expect(statuses).toContain('completed');
      for (const status of statuses) expect(['completed', 'cancelled']).toContain(status);
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
    });

    test('on a thread that is free just begins', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('Answer'), text('Another'));

      const first = await ended(stage, await stage.runs.create(thread_id, { assistant_id }, when('cancel_active')));
      const second = await ended(stage, await stage.runs.create(thread_id, { assistant_id }, when('queue')));

      expect([first.status, second.status]).toEqual(['completed', 'completed']);
    });
  });

  describe('what becomes of a run on a busy thread', () => {
    test('is as the project has it, unless the run says otherwise', async () => {
      const stage = use();
      const client = stage.connect({ apiKey: await stage.server.createKey('busy-threads') });
      const own = Object.assign(Object.create(stage) as Stage, { client });
      await own.client.post('/project', { body: { when_busy: 'queue' } });
      const { assistant_id, thread_id } = await own.newPair();
      const step = hold('First answer');
      stage.model.script(step);
      const first = await own.runs.create(thread_id, { assistant_id });
      await step.reached;

      const refused = await own.failure(own.runs.create(thread_id, { assistant_id }, when('reject')));
      const second = await own.runs.create(thread_id, { assistant_id });
      stage.model.script(text('Second answer'));
      step.release();

      expect(refused.message).toBe(`Thread ${thread_id} already has an active run ${first.id}.`);
      expect((await ended(own, second)).status).toBe('completed');
      expect(await own.client.get('/project')).toMatchObject({ when_busy: 'queue' });
      expect(await own.client.post('/project', { body: { when_busy: null } })).toMatchObject({ when_busy: 'reject' });
    });

    test('must be one of three things', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();

      const header = await stage.failure(stage.runs.create(thread_id, { assistant_id }, { headers: { 'x-threadkeep-when-busy': 'wait' } }));
      const setting = await stage.failure(stage.client.post('/project', { body: { when_busy: 'wait' } }));

      expect(header).toMatchObject({ status: 400, param: 'x-threadkeep-when-busy', message: expect.stringContaining("'queue'") as unknown });
      expect(setting).toMatchObject({ status: 400, param: 'when_busy' });
      expect((await stage.runs.list(thread_id)).data).toEqual([]);
    });
  });
}

