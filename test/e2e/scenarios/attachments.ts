import { describe, expect, test } from '@jest/globals';
import { calls, text } from '../../support/scripted-model.ts';
import { CARS, FOODS, indexed, newSearcher, storeOf, upload } from '../files.ts';
import { type Stage, all, ids } from '../stage.ts';
import { functionTool, openCalls } from '../tools.ts';
import { search, searchCalls, shown } from './file-search.ts';

const attach = (...fileIds: string[]) => fileIds.map((file_id) => ({ file_id, tools: [{ type: 'file_search' as const }] }));
const message = (...fileIds: string[]) => ({ role: 'user' as const, content: 'Read this.', attachments: attach(...fileIds) });

/** The thread's only store. */
async function storeIn(stage: Stage, threadId: string): Promise<string> {
  const { tool_resources: resources } = await stage.threads.retrieve(threadId);
  const [id, ...others] = resources?.file_search?.vector_store_ids ?? [];
  expect([id, others]).toEqual([expect.stringMatching(/^vs_/), []]);
  return id ?? '';
}

const filesIn = async (stage: Stage, storeId: string): Promise<string[]> => ids(await all(stage.client.vectorStores.files.list(storeId, { order: 'asc' })));

export function attachments(use: () => Stage): void {
  describe('attachments for file search', () => {
    test('go to a store of the thread, which lives for a week, and the next run finds them', async () => {
      const stage = use();
      const [foods, cars] = [await upload(stage, 'foods.txt', FOODS), await upload(stage, 'cars.md', CARS)];
      const { assistant_id, thread_id } = await stage.newPair({ tools: [{ type: 'file_search' }] });

      const sent = await stage.messages.create(thread_id, message(foods.id));
      const storeId = await storeIn(stage, thread_id);
      const more = await stage.messages.create(thread_id, message(cars.id, foods.id));
      // Not waited for: the run does that.
      stage.model.script(calls([search('Roquefort'), search('Citroën')]), text('Found.'));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect([sent.attachments, more.attachments]).toEqual([attach(foods.id), attach(cars.id, foods.id)]);
      expect(await storeIn(stage, thread_id)).toBe(storeId);
      expect(await stage.client.vectorStores.retrieve(storeId)).toMatchObject({ status: 'completed', expires_after: { anchor: 'last_active_at', days: 7 }, file_counts: { completed: 2, total: 2 } });
      expect(await filesIn(stage, storeId)).toEqual([foods.id, cars.id]);
      const [step] = await stage.stepsOf(run);
      expect(searchCalls(step).map(({ file_search }) => file_search.results[0]?.file_id)).toEqual([foods.id, cars.id]);
    });

    test('come with a new thread, with a thread and its run, and with a run', async () => {
      const stage = use();
      const [foods, cars] = [await upload(stage, 'foods.txt', FOODS), await upload(stage, 'cars.md', CARS)];
      const assistant = await stage.newAssistant({ tools: [{ type: 'file_search' }] });
      const answers = () => stage.model.script(calls([search('Ada')]), text('Found.'));

      const thread = await stage.threads.create({ messages: [message(foods.id), message(foods.id)] });
      answers();
      const first = await stage.runs.createAndPoll(thread.id, { assistant_id: assistant.id, additional_messages: [message(cars.id)] });
      answers();
      const second = await stage.threads.createAndRunPoll({ assistant_id: assistant.id, thread: { messages: [message(cars.id)] } });

      expect(await filesIn(stage, await storeIn(stage, thread.id))).toEqual([foods.id, cars.id]);
      expect(await filesIn(stage, await storeIn(stage, second.thread_id))).toEqual([cars.id]);
      const found = await Promise.all([first, second].map(async (run) => searchCalls((await stage.stepsOf(run))[0])[0]?.file_search.results.map(({ file_id }) => file_id).sort()));
      expect(found).toEqual([[foods.id, cars.id].sort(), [cars.id]]);
    });

    test('of runs that wait for their thread go with its turn', async () => {
      const stage = use();
      const foods = await upload(stage, 'foods.txt', FOODS);
      const { assistant_id, thread_id } = await stage.newPair({ tools: [{ type: 'file_search' }] });
      const step = text('First.').gated();
      stage.model.script(step);
      const first = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      const second = await stage.runs.create(thread_id, { assistant_id, additional_messages: [message(foods.id)] }, { headers: { 'x-threadkeep-when-busy': 'queue' } });
      expect((await stage.threads.retrieve(thread_id)).tool_resources).toEqual({});
      stage.model.script(calls([search('Roquefort')]), text('Found.'));
      step.release();
      await stage.runs.poll(first.id, { thread_id });
      const done = await stage.runs.poll(second.id, { thread_id });

      expect(done.status).toBe('completed');
      expect(searchCalls((await stage.stepsOf(done))[0])[0]?.file_search.results[0]?.file_id).toBe(foods.id);
    });

    test('that are deleted before their run has its turn do not take the others with them', async () => {
      const stage = use();
      const [foods, cars] = [await upload(stage, 'foods.txt', FOODS), await upload(stage, 'cars.md', CARS)];
      const { assistant_id, thread_id } = await stage.newPair({});
      const step = text('First.').gated();
      stage.model.script(step);
      const first = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;
      const code = { file_id: foods.id, tools: [{ type: 'code_interpreter' as const }] };
      const asked = { role: 'user' as const, content: 'Read these.', attachments: [...attach(cars.id, foods.id), code] };
      const second = await stage.runs.create(thread_id, { assistant_id, additional_messages: [asked] }, { headers: { 'x-threadkeep-when-busy': 'queue' } });
      await stage.client.files.delete(cars.id);
      stage.model.script(text('Second.'));
      stage.server.expectError('attachments_left_out');
      step.release();
      await stage.runs.poll(first.id, { thread_id });
      expect((await stage.runs.poll(second.id, { thread_id })).status).toBe('completed');
      expect(await filesIn(stage, await storeIn(stage, thread_id))).toEqual([foods.id]);
      expect((await stage.threads.retrieve(thread_id)).tool_resources?.code_interpreter?.file_ids).toEqual([foods.id]);
    });

    test('of files that there are not, or that nobody can search, are refused, and nothing is written', async () => {
      const stage = use();
      const { thread_id } = await stage.newPair();

      const failure = await stage.failure(stage.messages.create(thread_id, message('file-none')));
      const picture = await upload(stage, 'a.png', 'not really');
      const unsupported = await stage.failure(stage.messages.create(thread_id, message(picture.id)));

      expect(failure).toMatchObject({ status: 404, message: 'No such File object: file-none' });
      expect(unsupported).toMatchObject({ status: 400, param: 'file_ids', code: 'unsupported_file', message: expect.stringMatching(/^Files with extensions \[\.png\] are not supported for retrieval\./) as unknown });
      expect((await stage.threads.retrieve(thread_id)).tool_resources).toEqual({});
      expect(await stage.messagesOf(thread_id)).toHaveLength(1);
    });

    test('for code_interpreter are files of the thread, up to twenty', async () => {
      const stage = use();
      const made = await Promise.all(Array.from({ length: 21 }, (_, n) => upload(stage, `${n}.csv`, 'a,b')));
      const { thread_id } = await stage.newPair();
      const send = (...files: { id: string }[]) =>
        stage.messages.create(thread_id, { role: 'user', content: 'Count.', attachments: files.map(({ id }) => ({ file_id: id, tools: [{ type: 'code_interpreter' as const }] })) });

      await send(...made.slice(0, 20));
      await send(...made.slice(0, 2));
      const failure = await stage.failure(send(...made.slice(20)));

      expect((await stage.threads.retrieve(thread_id)).tool_resources).toEqual({ code_interpreter: { file_ids: ids(made.slice(0, 20)) } });
      expect(failure).toMatchObject({ status: 400, param: 'attachments', code: 'array_above_max_length' });
    });
  });

  describe('the vector_stores helper', () => {
    test('makes a store with the assistant, and one with the thread', async () => {
      const stage = use();
      const [foods, cars] = [await upload(stage, 'foods.txt', FOODS), await upload(stage, 'cars.md', CARS)];

      const chunking_strategy = { type: 'static' as const, static: { max_chunk_size_tokens: 200, chunk_overlap_tokens: 100 } };
      const assistant = await stage.newAssistant({ tools: [{ type: 'file_search' }], tool_resources: { file_search: { vector_stores: [{ file_ids: [foods.id], metadata: { a: 'b' }, chunking_strategy }] } } });
      const thread = await stage.threads.create({ messages: [message(cars.id)], tool_resources: { file_search: { vector_stores: [{ file_ids: [foods.id] }] } } });

      expect((await stage.newAssistant({ tools: [{ type: 'file_search' }, { type: 'code_interpreter' }] })).tool_resources).toEqual({ code_interpreter: { file_ids: [] }, file_search: { vector_store_ids: [] } });
      const [ofAssistant = '', ...none] = assistant.tool_resources?.file_search?.vector_store_ids ?? [];
      expect(none).toEqual([]);
      expect(await indexed(stage, ofAssistant)).toMatchObject({ metadata: { a: 'b' }, expires_after: null, file_counts: { completed: 1, total: 1 } });
      expect(await stage.client.vectorStores.files.retrieve(foods.id, { vector_store_id: ofAssistant })).toMatchObject({ chunking_strategy });
      const ofThread = await storeIn(stage, thread.id);
      expect(await indexed(stage, ofThread)).toMatchObject({ expires_after: { days: 7 }, file_counts: { completed: 2, total: 2 } });
      stage.model.script(calls([search('Ada')]), text('Found.'));
      const run = await stage.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
      // Both stores are searched, and what both have counts once.
      expect(searchCalls((await stage.stepsOf(run))[0])[0]?.file_search.results.map(({ file_id }) => file_id).sort()).toEqual([foods.id, cars.id].sort());
    });

    test('does not go with ids, and names files that there are', async () => {
      const stage = use();
      const store = await storeOf(stage, {});
      const both = { file_search: { vector_store_ids: [store.id], vector_stores: [{ file_ids: [] }] } };

      const failures = [
        await stage.failure(stage.assistants.create({ model: 'gpt-4o', tool_resources: both })),
        await stage.failure(stage.threads.create({ tool_resources: both })),
        await stage.failure(stage.threads.create({ tool_resources: { file_search: { vector_stores: [{ file_ids: ['file-none'] }] } } })),
        await stage.failure(stage.threads.create({ tool_resources: { file_search: { vector_store_ids: ['vs_none'] } } })),
      ];

      expect(failures.map(({ status, param, code }) => [status, param, code])).toEqual([
        [400, 'tool_resources.file_search', 'invalid_value'],
        [400, 'tool_resources.file_search', 'invalid_value'],
        [404, 'id', null],
        [404, null, null],
      ]);
    });
  });

  describe('a search', () => {
    test('goes on without stores that have gone, and says so', async () => {
      const stage = use();
      const { assistant_id, thread_id, store } = await newSearcher(stage);
      await stage.client.vectorStores.delete(store.id);
      stage.model.script(calls([search('cheese')]), text('I cannot look.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run.status).toBe('completed');
      expect(shown(stage)).toBe(`The vector store ${store.id} does not exist any more: its files could not be searched.\n\nNothing was found.`);
    });

    test('of no files finds nothing; without a query it says how to ask', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [{ type: 'file_search' }] });
      stage.model.script(calls([search('cheese'), { name: 'file_search', arguments: '{}' }]), text('Sorry.'));

      await stage.runs.createAndPoll(thread_id, { assistant_id });

      const [first, second] = stage.model.requests.at(-1)?.body.messages.slice(-2) ?? [];
      expect([first?.content, second?.content]).toEqual(['No files have been given yet.\n\nNothing was found.', 'Error: there was no query. Call again with {"queries": ["…"]}.\n\nNothing was found.']);
    });

    test('is chosen by tool_choice, once, and gives way to a function of its name', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newSearcher(stage, { 'foods.txt': FOODS }, { tools: [{ type: 'file_search', file_search: { max_num_results: 1, ranking_options: { score_threshold: 0.1 } } }, functionTool('file_search')] });
      stage.model.script(calls([{ name: 'file_search_2', arguments: { queries: ['cheese'] } }]), calls([search('mine')]));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id, tool_choice: { type: 'file_search' }, parallel_tool_calls: false });

      const [first, second] = stage.model.requests.map(({ body }) => body);
      expect(first).toMatchObject({ tool_choice: { type: 'function', function: { name: 'file_search_2' } }, parallel_tool_calls: false });
      expect(second?.tool_choice).toBeUndefined();
      expect(openCalls(run)).toMatchObject([{ name: 'file_search', arguments: '{"queries":["mine"]}' }]);
      const [step] = await stage.stepsOf(run);
      expect(searchCalls(step)[0]?.file_search).toMatchObject({ ranking_options: { ranker: 'default_2024_08_21', score_threshold: 0.1 }, results: [{ file_name: 'foods.txt' }] });
      await stage.runs.cancel(run.id, { thread_id });
    });
  });
}
