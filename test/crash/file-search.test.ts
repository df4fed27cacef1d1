/** Runs that search files, on a server that dies under them: every search is stored once, and what it found is cited. */
import { describe, expect, test } from '@jest/globals';
import { searchesOf } from '../../shared/domain/run-step.ts';
import { ScriptedModel, calls, text } from '../support/scripted-model.ts';
import { CARS, FOODS } from '../e2e/files.ts';
import { LOOKUP, type Told, lastIs, once, seeThrough, startRun, stepsOf, surprisesOf, transcript } from './conversation.ts';
import { CrashableServer } from './crashable.ts';
import { brokenPromises, brokenRules, readLedger } from './ledger.ts';
import { TEST_MS, withoutCount } from './points.ts';

const QUESTION = 'What cheese?';
const COST = { prompt: 101, completion: 7 };
const search = (query: string) => ({ name: 'file_search', arguments: { queries: [query] } });
const ANSWER = 'Roquefort【4:0†foods.txt】, in a Citroën【5:0†cars.md】.';

async function play(crashAt: string, streamed: boolean): Promise<void> {
  await using model = await ScriptedModel.start();
  const answer = (to: Parameters<ScriptedModel['scriptFor']>[0], step: () => ReturnType<typeof text>) => model.scriptFor(to, ...Array.from({ length: 4 }, step));
  answer(lastIs('user', QUESTION), () => calls([search('cheese')], { usage: COST }));
  answer(lastIs('tool', /【4:0†foods/), () => calls([search('Citroën'), { name: 'lookup', arguments: {} }], { usage: COST }));
  answer(lastIs('tool', 'sunny'), () => text(ANSWER, { usage: COST }));
  await using server = await CrashableServer.start({ modelUrl: model.baseUrl, crashAt, env: { EMBEDDING_MODEL: 'text-embedding-3-small' } });
  const file = (name: string, content: string) => {
    const key = once();
    return server.insist((client) => client.files.create({ file: new File([content], name), purpose: 'assistants' }, key));
  };
  const [foods, cars] = [await file('foods.txt', FOODS), await file('cars.md', CARS)];
  const keys = [once(), once(), once()];
  const assistant = await server.insist((client) => client.beta.assistants.create({ model: 'gpt-4o', tools: [LOOKUP, { type: 'file_search' }], tool_resources: { file_search: { vector_stores: [{ file_ids: [cars.id] }] } } }, keys[0]));
  const thread = await server.insist((client) => client.beta.threads.create({}, keys[1]));
  await server.insist((client) => client.beta.threads.messages.create(thread.id, { role: 'user', content: QUESTION, attachments: [{ file_id: foods.id, tools: [{ type: 'file_search' }] }] }, keys[2]));
  const [storeId = ''] = assistant.tool_resources?.file_search?.vector_store_ids ?? [];
  await server.eventually('the assistant’s file is indexed', async () => (await server.survive((client) => client.vectorStores.retrieve(storeId)))?.status === 'completed' || undefined);

  const told: Told = [];
  const run = await seeThrough(server, thread.id, await startRun(server, thread.id, { assistant_id: assistant.id }, streamed, told), streamed, told);

  expect(server.crashes).toEqual([withoutCount(crashAt)]);
  expect(run).toMatchObject({ status: 'completed', usage: { total_tokens: 324 } });
  expect(await stepsOf(server, thread.id, run.id)).toEqual(['file_search completed', 'file_search, lookup -> sunny completed', 'message_creation completed']);
  expect(await transcript(server, thread.id)).toEqual([`user: ${QUESTION}`, `assistant: ${ANSWER}`]);
  const { steps, messages } = readLedger(server.dataDir);
  const found = steps.flatMap(searchesOf).map(({ ordinal, results }) => [ordinal, results?.[0]?.fileId]);
  expect(found).toEqual([[4, foods.id], [5, cars.id]]);
  expect(messages.at(-1)?.content).toMatchObject([{ text: { annotations: [{ start_index: 9, file_citation: { file_id: foods.id } }, { file_citation: { file_id: cars.id } }] } }]);
  // Made again is only a search that was not stored.
  const asked = model.embeddings.requests.filter(({ body }) => JSON.stringify(body.input) === '["cheese"]').length;
  expect(asked).toBe(crashAt === 'before:save-answered-calls' || crashAt === 'inside:save-answered-calls' ? 2 : 1);
  expect(brokenPromises(server, told)).toEqual([]);
  expect(await brokenRules(server)).toEqual([]);
  expect(await surprisesOf(model)).toEqual([]);
}

/** Boots and indexing make these slow: a run's other points are those of any run, and tried there. */
describe('a run that searches outlives a kill -9', () => {
  test.concurrent.each(['inside:create-assistant', 'after:create-message', 'before:save-answered-calls', 'after:save-answered-calls', 'after:require-action'])('polled, at %s', (point) => play(point, false), TEST_MS);
  test.concurrent.each(['inside:save-answered-calls', 'after:save-answered-calls', 'inside:require-action', 'after:submit-tool-outputs'])('streamed, at %s', (point) => play(point, true), TEST_MS);
});
