import { describe, expect, test } from '@jest/globals';
import { hang, hold, text } from '../../support/scripted-model.ts';
import { asking, busyThread, ended, when, wordsOf } from '../busy-thread.ts';
import type { Stage } from '../stage.ts';
import { only, read } from '../streams.ts';

export function replacingRuns(use: () => Stage): void {
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

    test('asked for twice at once with one Idempotency-Key is one run, and runs', async () => {
      const stage = use();
      const { thread_id, ask } = await busyThread(stage, hang());
      const step = hold('Second answer');
      stage.model.script(step);
      const key = `twins ${thread_id}`;

      const [one, other] = await Promise.all([ask('cancel_active', {}, key), ask('cancel_active', {}, key)]);
      step.release();

      expect(other.id).toBe(one.id);
      expect((await ended(stage, one)).status).toBe('completed');
      expect((await stage.runs.list(thread_id)).data).toHaveLength(2);
    });

    test('ends nobody for a run that cannot be made', async () => {
      const stage = use();
      const { thread_id, first, step, ask } = await busyThread(stage);

      const refused = await stage.failure(ask('cancel_active', { tool_choice: { type: 'function', function: { name: 'no_such_function' } } }));
      expect(refused).toMatchObject({ status: 400, error: { param: 'tool_choice', code: 'invalid_value' } });
      step.release();

      expect((await ended(stage, first)).status).toBe('completed');
      expect((await stage.runs.list(thread_id)).data).toHaveLength(1);
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

