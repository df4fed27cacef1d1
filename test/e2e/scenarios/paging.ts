import { describe, expect, test } from '@jest/globals';
import type { PageQuery } from '../clients/client.ts';
import { type Stage, all, ids, pageIds } from '../stage.ts';

/** A thread of `count` messages, and their ids in the order in which they came. */
async function threadOf(stage: Stage, count: number): Promise<{ threadId: string; made: string[] }> {
  const thread = await stage.newThread(...Array.from({ length: count }, (_, n) => `${n}`));
  return { threadId: thread.id, made: ids(await all(stage.messages.list(thread.id, { order: 'asc', limit: 100 }))) };
}

export function paging(use: () => Stage): void {
  describe('paging', () => {
    test('goes on by itself through 45 messages, newest first and oldest first', async () => {
      const stage = use();
      const { threadId, made } = await threadOf(stage, 45);

      const newestFirst = ids(await all(stage.messages.list(threadId)));
      const oldestFirst = ids(await all(stage.messages.list(threadId, { order: 'asc', limit: 7 })));

      expect(newestFirst).toEqual([...made].reverse());
      expect(oldestFirst).toEqual(made);
      expect(new Set(made).size).toBe(45);
    });

    test('has 20 on a page unless told otherwise, and says whether there is more', async () => {
      const stage = use();
      const { threadId, made } = await threadOf(stage, 21);

      const usual = await stage.messages.list(threadId);
      const exact = await stage.messages.list(threadId, { limit: 21 });
      const most = await stage.messages.list(threadId, { limit: 100 });
      const one = await stage.messages.list(threadId, { limit: 1 });

      expect([usual.data.length, usual.has_more]).toEqual([20, true]);
      expect([exact.data.length, exact.has_more]).toEqual([21, false]);
      expect([most.data.length, most.has_more]).toEqual([21, false]);
      expect([ids(one.data), one.has_more]).toEqual([[made[20]], true]);
    });

    test('starts behind `after` and stops before `before`, in both orders', async () => {
      const stage = use();
      const { threadId, made } = await threadOf(stage, 10);
      const at = (n: number): string => made[n] ?? '';
      const list = (query: PageQuery) => pageIds(stage.messages.list(threadId, query));

      expect(await list({ order: 'asc', after: at(3) })).toEqual(made.slice(4));
      expect(await list({ order: 'asc', after: at(3), limit: 2 })).toEqual([at(4), at(5)]);
      expect(await list({ order: 'desc', after: at(3) })).toEqual([at(2), at(1), at(0)]);
      expect(await list({ order: 'asc', before: at(3) })).toEqual([at(0), at(1), at(2)]);
      expect(await list({ order: 'asc', before: at(7), limit: 2 })).toEqual([at(5), at(6)]);
      expect(await list({ order: 'desc', before: at(3) })).toEqual(made.slice(4).reverse());
      expect(await list({ order: 'desc', before: at(3), limit: 2 })).toEqual([at(5), at(4)]);
      expect(await list({ order: 'asc', after: at(2), before: at(6) })).toEqual([at(3), at(4), at(5)]);
      expect(await list({ order: 'desc', after: at(6), before: at(2) })).toEqual([at(5), at(4), at(3)]);
      expect(await list({ order: 'asc', after: at(9) })).toEqual([]);
      expect(await list({ order: 'asc', before: at(0) })).toEqual([]);
    });

    test('tells of more also when it goes backwards', async () => {
      const stage = use();
      const { threadId, made } = await threadOf(stage, 6);

      const nearest = await stage.messages.list(threadId, { order: 'asc', before: made[5] ?? '', limit: 2 });
      const first = await stage.messages.list(threadId, { order: 'asc', before: made[2] ?? '', limit: 2 });

      expect([ids(nearest.data), nearest.has_more]).toEqual([[made[3], made[4]], true]);
      expect([ids(first.data), first.has_more]).toEqual([[made[0], made[1]], false]);
    });

    test('goes on from a message that has been deleted', async () => {
      const stage = use();
      const { threadId, made } = await threadOf(stage, 6);
      await stage.messages.delete(made[3] ?? '', { thread_id: threadId });

      const after = await pageIds(stage.messages.list(threadId, { order: 'asc', after: made[3] ?? '' }));
      const before = await pageIds(stage.messages.list(threadId, { order: 'desc', before: made[3] ?? '' }));

      expect(after).toEqual([made[4], made[5]]);
      expect(before).toEqual([made[5], made[4]]);
    });

    test('is empty where nothing is', async () => {
      const stage = use();
      const thread = await stage.threads.create();

      const page = await stage.messages.list(thread.id);

      expect([page.data, page.has_more, page.hasNextPage()]).toEqual([[], false, false]);
      expect(await all(stage.runs.list(thread.id))).toEqual([]);
    });

    test('keeps messages of the same second in the order in which they came', async () => {
      const stage = use();
      const thread = await stage.threads.create();
      const made: string[] = [];
      for (let n = 0; n < 12; n++) made.push((await stage.messages.create(thread.id, { role: 'user', content: `${n}` })).id);

      const messages = await all(stage.messages.list(thread.id, { limit: 5, order: 'asc' }));

      expect(ids(messages)).toEqual(made);
      const seconds = messages.map((message) => message.created_at);
      expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    });

    test('goes through assistants as through messages', async () => {
      const stage = use();
      const made: string[] = [];
      for (let n = 0; n < 5; n++) made.push((await stage.newAssistant({ name: `${n}` })).id);

      const first = await stage.assistants.list({ limit: 2 });
      const rest = await stage.assistants.list({ limit: 3, after: first.data.at(-1)?.id ?? '' });
      const forward = await stage.assistants.list({ order: 'asc', after: made[0] ?? '', limit: 100 });

      expect(ids(first.data)).toEqual([made[4], made[3]]);
      expect(ids(rest.data)).toEqual([made[2], made[1], made[0]]);
      expect(ids(forward.data)).toEqual(made.slice(1));
    });
  });
}
