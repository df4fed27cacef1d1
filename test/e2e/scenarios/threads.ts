import { describe, expect, test } from '@jest/globals';
import type { Thread } from '../clients/client.ts';
import { type Stage, all, ids, textOf } from '../stage.ts';

/** What Threadkeep adds to a thread. */
interface KeptThread extends Thread {
  last_active_at: number;
  expires_at: number | null;
  retention: { days: number } | 'never';
}
interface ThreadList {
  object: string;
  data: KeptThread[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

const SIXTY_DAYS_S = 60 * 86_400;

export function threads(use: () => Stage): void {
  describe('threads', () => {
    test('are created empty', async () => {
      const stage = use();

      const thread = await stage.threads.create();

      expect(thread).toMatchObject({ object: 'thread', metadata: {}, tool_resources: {} });
      expect(thread.id).toMatch(/^thread_[A-Za-z0-9]{24}$/);
      expect(await stage.messagesOf(thread.id)).toEqual([]);
    });

    test('are created with messages, tool_resources and metadata', async () => {
      const stage = use();

      const thread = await stage.threads.create({
        messages: [
          { role: 'user', content: 'One', metadata: { n: '1' } },
          { role: 'assistant', content: [{ type: 'text', text: 'Two' }] },
          { role: 'user', content: 'Three' },
        ],
        tool_resources: { code_interpreter: { file_ids: [] } },
        metadata: { user: 'u1' },
      });

      expect(thread).toMatchObject({ metadata: { user: 'u1' }, tool_resources: { code_interpreter: { file_ids: [] } } });
      const messages = await stage.messagesOf(thread.id);
      expect(messages.map((message) => [message.role, textOf(message), message.metadata])).toEqual([
        ['user', 'One', { n: '1' }],
        ['assistant', 'Two', {}],
        ['user', 'Three', {}],
      ]);
      expect(await stage.threads.retrieve(thread.id)).toEqual(thread);
    });

    test('are updated: metadata replaced, tool_resources merged, null empties', async () => {
      const stage = use();
      const thread = await stage.threads.create({ metadata: { a: '1', b: '2' }, tool_resources: { code_interpreter: { file_ids: [] } } });

      const updated = await stage.threads.update(thread.id, { metadata: { c: '3' }, tool_resources: { file_search: { vector_store_ids: [] } } });
      const unchanged = await stage.threads.update(thread.id, {});
      const emptied = await stage.threads.update(thread.id, { metadata: null });

      expect(updated).toEqual({ ...thread, metadata: { c: '3' }, tool_resources: { code_interpreter: { file_ids: [] }, file_search: { vector_store_ids: [] } } });
      expect(unchanged).toEqual(updated);
      expect(emptied).toEqual({ ...updated, metadata: {} });
    });

    test('are gone once deleted, with all that hung under them', async () => {
      const stage = use();
      const thread = await stage.newThread('Hello');
      const [message] = await stage.messagesOf(thread.id);
      const in_thread = { thread_id: thread.id };

      const deleted = await stage.threads.delete(thread.id);

      expect(deleted).toEqual({ id: thread.id, object: 'thread.deleted', deleted: true });
      const calls: (() => PromiseLike<unknown>)[] = [
        () => stage.threads.retrieve(thread.id),
        () => stage.threads.update(thread.id, {}),
        () => stage.threads.delete(thread.id),
        () => stage.messages.list(thread.id),
        () => stage.messages.create(thread.id, { role: 'user', content: 'x' }),
        () => stage.messages.retrieve(message?.id ?? '', in_thread),
        () => stage.messages.update(message?.id ?? '', in_thread),
        () => stage.messages.delete(message?.id ?? '', in_thread),
        () => stage.runs.list(thread.id),
        () => stage.runs.retrieve('run_x', in_thread),
        () => stage.runs.create(thread.id, { assistant_id: 'asst_x' }),
        () => stage.runs.update('run_x', in_thread),
        () => stage.runs.cancel('run_x', in_thread),
        () => stage.runs.submitToolOutputs('run_x', { ...in_thread, tool_outputs: [] }),
        () => stage.runs.steps.list('run_x', in_thread),
      ];
      for (const call of calls) {
        const { error, message: words } = await stage.failure(Promise.resolve(call()));
        expect(error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
        expect(words).toBe(`No thread found with id '${thread.id}'.`);
      }
    });

    test('say until when they live, and live longer when they are touched or used', async () => {
      const stage = use();

      const created = await stage.http<KeptThread>('POST', '/threads', { body: {} });

      const { id, created_at, last_active_at, expires_at, retention } = created.body;
      expect(retention).toEqual({ days: 60 });
      expect(last_active_at).toBe(created_at);
      expect(expires_at).toBe(last_active_at + SIXTY_DAYS_S);
      const touched = await stage.http<KeptThread>('POST', `/threads/${id}/touch`, { unchecked: true });
      expect(touched.body.last_active_at).toBeGreaterThanOrEqual(last_active_at);
      expect(touched.body.expires_at).toBe(touched.body.last_active_at + SIXTY_DAYS_S);
    });

    test('take a retention of their own', async () => {
      const stage = use();

      const week = await stage.http<KeptThread>('POST', '/threads', { body: { retention: { days: 7 } } });
      const never = await stage.http<KeptThread>('POST', `/threads/${week.body.id}`, { body: { retention: 'never' } });
      const month = await stage.http<KeptThread>('POST', `/threads/${week.body.id}`, { body: { retention: { days: 30 } } });

      expect(week.body.expires_at).toBe(week.body.last_active_at + 7 * 86_400);
      expect(never.body).toMatchObject({ retention: 'never', expires_at: null });
      expect(month.body.expires_at).toBe(month.body.last_active_at + 30 * 86_400);
      expect(await stage.threads.retrieve(week.body.id)).toEqual(month.body);
    });

    test('are listed newest first, page by page, and found by their metadata', async () => {
      const stage = use();
      const group = `g${process.hrtime.bigint()}`;
      const made: Thread[] = [];
      for (const shelf of ['a', 'b', 'a', 'b', 'a']) made.push(await stage.threads.create({ metadata: { group, shelf } }));
      const newestFirst = ids(made).reverse();
      const filter = `metadata[group]=${group}`;

      const everything = await stage.http<ThreadList>('GET', `/threads?${filter}`);
      const first = await stage.http<ThreadList>('GET', `/threads?${filter}&limit=2`);
      const second = await stage.http<ThreadList>('GET', `/threads?${filter}&limit=3&after=${first.body.last_id}`);
      const both = await stage.http<ThreadList>('GET', `/threads?${filter}&metadata[shelf]=a&order=asc`);
      const none = await stage.http<ThreadList>('GET', `/threads?${filter}&metadata[shelf]=c`);

      expect(everything.body).toMatchObject({ object: 'list', data: [...made].reverse(), first_id: newestFirst[0], last_id: newestFirst[4], has_more: false });
      expect([ids(first.body.data), first.body.has_more]).toEqual([newestFirst.slice(0, 2), true]);
      expect([ids(second.body.data), second.body.has_more]).toEqual([newestFirst.slice(2), false]);
      expect(ids(both.body.data)).toEqual([made[0]?.id, made[2]?.id, made[4]?.id]);
      expect(none.body).toEqual({ object: 'list', data: [], first_id: null, last_id: null, has_more: false });
    });

    test('keep their messages apart', async () => {
      const stage = use();
      const [one, two] = await Promise.all([stage.newThread('One'), stage.newThread('Two')]);

      const [first] = await stage.messagesOf(one.id);

      const { error, message } = await stage.failure(stage.messages.retrieve(first?.id ?? '', { thread_id: two.id }));
      expect(error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
      expect(message).toBe(`No message found with id '${first?.id}'.`);
      expect(ids(await all(stage.messages.list(two.id)))).not.toContain(first?.id);
    });
  });
}
