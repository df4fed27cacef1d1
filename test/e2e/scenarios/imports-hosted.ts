/** Imports of what the hosted service's lists returned, whose ids do not sort by time. */
import { describe, expect, test } from '@jest/globals';
import type { WireImport } from '../../../shared/wire/import.ts';
import { text } from '../../support/scripted-model.ts';
import { exported } from '../exports.ts';
import { type Stage, textOf } from '../stage.ts';

const THREAD = 'thread_zzTqjIJLuu3KTRskrvDGQkSM';
const ASSISTANT = 'asst_0abJQ9RlCkDZqHPyVmvzzd9p';
const T = 1_714_000_000;

const list = (data: object[]) => ({ object: 'list', data, first_id: 'x', last_id: 'y', has_more: false });
const assistant = { id: ASSISTANT, object: 'assistant', created_at: T - 50, name: 'Math', description: null, model: 'gpt-4o', instructions: 'Help.', tools: [], top_p: 1, temperature: 1, tool_resources: { code_interpreter: { file_ids: [] } }, metadata: {}, response_format: 'auto' };
const thread = { id: THREAD, object: 'thread', created_at: T - 10, metadata: { user: '7' }, tool_resources: {} };
const message = (id: string, at: number, words: string, more: object = {}) => ({
  id,
  object: 'thread.message',
  created_at: T + at,
  assistant_id: null,
  thread_id: THREAD,
  run_id: null,
  role: 'user',
  content: [{ type: 'text', text: { value: words, annotations: [] } }],
  attachments: [],
  metadata: {},
  ...more,
});
/** Newest first, as the service returned them; the ids in no order, the second and the third of one second. */
const MESSAGES = [
  message('msg_Aa9999999999999999999999', 9, 'four', { role: 'assistant', run_id: 'run_5555555555555555hosted55', assistant_id: ASSISTANT }),
  message('msg_zz0000000000000000000000', 5, 'three', { content: [{ type: 'image_file', image_file: { file_id: 'file-abc' } }, { type: 'text', text: { value: 'three', annotations: [] } }] }),
  message('msg_mm5555555555555555555555', 5, 'two'),
  message('msg_yy1111111111111111111111', 0, 'one'),
];
const DUMP = [list([assistant]), list([thread]), list(MESSAGES)].map((value) => JSON.stringify(value)).join('\n');
const OLDEST_FIRST = MESSAGES.map(({ id }) => id).reverse();

let last = 0;
async function project(stage: Stage) {
  const key = await stage.server.createKey(`proj_hosted_${++last}`);
  const bring = async (body: string, type = 'application/jsonl') => (await stage.http<WireImport>('POST', '/imports', { key, text: body, headers: { 'content-type': type }, unchecked: true })).body;
  return { key, bring, beta: stage.connect({ apiKey: key }).beta };
}
const idsOf = async (page: PromiseLike<{ data: { id: string }[] }>) => (await page).data.map(({ id }) => id);

export function importsOfTheHosted(use: () => Stage): void {
  describe('what the hosted service’s lists returned', () => {
    test('is there with its ids and times, in the order of those', async () => {
      const stage = use();
      const { bring, beta } = await project(stage);
      const report = await bring(DUMP);
      expect(report).toMatchObject({ refused: [], counts: { assistants: { created: 1 }, threads: { created: 1 }, messages: { created: 4 } } });

      expect(await beta.assistants.retrieve(ASSISTANT)).toMatchObject({ id: ASSISTANT, created_at: T - 50, name: 'Math' });
      expect(await beta.threads.retrieve(THREAD)).toMatchObject({ id: THREAD, created_at: T - 10, metadata: { user: '7' } });
      const { data } = await beta.threads.messages.list(THREAD, { order: 'asc' });
      expect(data.map(({ id }) => id)).toEqual(OLDEST_FIRST);
      expect(data.map((each) => textOf(each))).toEqual(['one', 'two', '(image_file)|three', 'four']);
      expect(data[3]).toMatchObject({ created_at: T + 9, assistant_id: ASSISTANT, run_id: 'run_5555555555555555hosted55' });
      expect(await idsOf(beta.threads.messages.list(THREAD))).toEqual(OLDEST_FIRST.toReversed());
      expect(await idsOf(beta.threads.messages.list(THREAD, { run_id: 'run_5555555555555555hosted55' }))).toEqual([OLDEST_FIRST[3]]);
    });

    test('is found, changed, paged and deleted by those ids', async () => {
      const stage = use();
      const { bring, beta } = await project(stage);
      await bring(DUMP);
      const { messages } = beta.threads;
      const [one = '', two = '', three = '', four = ''] = OLDEST_FIRST;

      expect(await messages.retrieve(two, { thread_id: THREAD })).toMatchObject({ id: two });
      expect(await messages.update(two, { thread_id: THREAD, metadata: { seen: 'yes' } })).toMatchObject({ id: two, metadata: { seen: 'yes' } });
      const first = await messages.list(THREAD, { order: 'asc', limit: 2 });
      expect(await idsOf(Promise.resolve(first))).toEqual([one, two]);
      expect(await idsOf(messages.list(THREAD, { order: 'asc', limit: 2, after: two }))).toEqual([three, four]);
      expect(await idsOf(messages.list(THREAD, { order: 'asc', before: three }))).toEqual([one, two]);
      const walked: string[] = [];
      for await (const { id } of messages.list(THREAD, { limit: 1 })) walked.push(id);
      expect(walked).toEqual([four, three, two, one]);

      expect(await messages.delete(two, { thread_id: THREAD })).toMatchObject({ id: two, deleted: true });
      await expect(messages.retrieve(two, { thread_id: THREAD })).rejects.toThrow(`No message found with id '${two}'.`);
      expect(await idsOf(messages.list(THREAD, { order: 'asc', after: two }))).toEqual([three, four]);
      await expect(messages.retrieve('msg_none', { thread_id: THREAD })).rejects.toThrow('No message found');
    });

    test('goes on: messages and runs come behind what was imported', async () => {
      const stage = use();
      const { bring, beta } = await project(stage);
      await bring(DUMP);
      const added = await beta.threads.messages.create(THREAD, { role: 'user', content: 'five' });
      stage.model.script(text('six'));
      const run = await beta.threads.runs.createAndPoll(THREAD, { assistant_id: ASSISTANT });
      expect(run.status).toBe('completed');
      const { data } = await beta.threads.messages.list(THREAD, { order: 'asc' });
      expect(data.map(({ id }) => id).slice(0, 5)).toEqual([...OLDEST_FIRST, added.id]);
      expect(textOf(data[5])).toBe('six');
      const asked = stage.model.requests.at(-1)?.body.messages.map(({ role }) => role);
      expect(asked).toEqual(['system', 'user', 'user', 'user', 'assistant', 'user']);
    });

    test('is unchanged the second time, in whatever order, and a deleted message comes back to its place', async () => {
      const stage = use();
      const { bring, beta } = await project(stage);
      await bring(DUMP);
      const again = await bring(JSON.stringify(list(MESSAGES.toReversed()), null, 2), 'application/json');
      expect(again).toMatchObject({ counts: { messages: { created: 0, unchanged: 4, refused: 0 } }, refused: [] });
      expect(await bring(DUMP)).toMatchObject({ counts: { assistants: { unchanged: 1 }, threads: { unchanged: 1 }, messages: { unchanged: 4 } } });

      await beta.threads.messages.delete(OLDEST_FIRST[1] ?? '', { thread_id: THREAD });
      expect(await bring(DUMP)).toMatchObject({ counts: { messages: { created: 1, unchanged: 3 } } });
      expect(await idsOf(beta.threads.messages.list(THREAD, { order: 'asc' }))).toEqual(OLDEST_FIRST);
    });

    test('can be exported and imported again, to the same bytes', async () => {
      const stage = use();
      const [from, to] = [await project(stage), await project(stage)];
      await from.bring(DUMP);
      const file = await exported(stage, '/exports', {}, from.key);
      expect(await to.bring(file)).toMatchObject({ end: 'matches', refused: [], counts: { messages: { created: 4 } } });
      expect(await exported(stage, '/exports', {}, to.key)).toBe(file);
      expect(await idsOf(to.beta.threads.messages.list(THREAD, { order: 'asc' }))).toEqual(OLDEST_FIRST);
    });

    test('is refused where it cannot be kept, and the rest is not', async () => {
      const stage = use();
      const { bring } = await project(stage);
      const run = { id: 'run_hosted', object: 'thread.run', thread_id: THREAD };
      const lost = message('msg_lost', 1, 'lost', { thread_id: 'thread_lost' });
      expect(await bring([list([thread]), run, list([lost, { object: 'vector_store', id: 'vs_1' }])].map((value) => JSON.stringify(value)).join('\n'))).toMatchObject({
        counts: { threads: { created: 1 }, runs: { refused: 1 }, messages: { refused: 1 }, other: { refused: 1 } },
        refused: [
          { line: 2, id: 'run_hosted', reason: 'runs and their steps are imported from an export alone' },
          { line: 3, id: 'vs_1', reason: 'no assistant, thread or message: vector_store' },
          { line: 3, id: 'msg_lost', reason: 'there is no thread thread_lost' },
        ],
      });
    });
  });
}
