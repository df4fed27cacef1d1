/** kill -9 at any moment, again and again, while eight clients talk: what they were told holds. */
import { expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChatRequest, ScriptedModel, calls, text } from '../support/scripted-model.ts';
import { LOOKUP, addMessage, seeThrough, startRun, surprisesOf } from './conversation.ts';
import { CrashableServer } from './crashable.ts';
import { type Ledger, brokenRules, readLedger } from './ledger.ts';
import { TEST_MS } from './points.ts';
import { type Sent, random, talk } from './workload.ts';

const SEED = 20_261_120;
const KILLS = 15;
const CLIENTS = 8;
/** Long enough for several chunks of each conversation, short enough that many requests are under way at each kill. */
const LIVES_MS = { least: 100, most: 900 };
const COST = { prompt: 31, completion: 7 };

/** Says what it was told; looks up first when asked to. Pieces, so that a kill finds answers half said. */
async function parrot(): Promise<ScriptedModel> {
  const model = await ScriptedModel.start({ record: false });
  const last = ({ messages }: ChatRequest): string => JSON.stringify(messages.at(-1));
  const plenty = 20_000;
  model.scriptFor((body) => last(body).includes('look up'), ...Array.from({ length: plenty }, () => calls([{ name: 'lookup', arguments: { city: 'Oslo' } }], { usage: COST })));
  model.always(text('I see what you mean, and I say so at some length.', { usage: COST }));
  return model;
}

/** Every request that was answered has left what it asked for: once, or at most once for each time that it was sent without a key. */
function lost(sent: Sent[], countOf: (sent: Sent) => number, has: (id: string) => boolean): string[] {
  return sent.flatMap((one) => {
    const count = countOf(one);
    const most = one.keyed ? 1 : one.tries;
    if (!has(one.id)) return [`${one.id} was acknowledged and is not there`];
    return count < 1 || count > most ? [`${one.id}, sent ${one.tries} times ${one.keyed ? 'with' : 'without'} a key, is there ${count} times`] : [];
  });
}

const textOf = ({ content: [part] }: Ledger['messages'][number]): string => (part?.type === 'text' ? part.text.value : '');

test('fifteen kills at random moments lose nothing and double nothing', async () => {
  await using model = await parrot();
  await using server = await CrashableServer.start({ modelUrl: model.baseUrl });
  const { id: assistantId } = await server.client.beta.assistants.create({ model: 'gpt-4o', tools: [LOOKUP] });
  const chance = random(SEED);
  let isOver = false;
  const talking = Array.from({ length: CLIENTS }, (_, n) => talk(server, assistantId, SEED + n, () => isOver));
  const working = Promise.all(talking);
  // Seen below; a client that fails must not end the process before that.
  working.catch(() => undefined);

  for (let kills = 0; kills < KILLS; kills++) {
    await delay(LIVES_MS.least + chance() * (LIVES_MS.most - LIVES_MS.least));
    await server.kill();
    await server.outlived();
  }
  isOver = true;
  const diaries = await working;

  expect(server.crashes).toEqual(Array.from({ length: KILLS }, () => 'kill'));
  expect(await brokenRules(server)).toEqual([]);
  expect(await surprisesOf(model)).toEqual([]);

  const { threads, messages, runs, steps } = readLedger(server.dataDir);
  const diary = { messages: diaries.flatMap((one) => one.messages), runs: diaries.flatMap((one) => one.runs), threads: diaries.flatMap((one) => one.threads) };
  // Else the kills hit nobody.
  expect([...diary.messages, ...diary.threads].some(({ tries }) => tries > 1)).toBe(true);
  const has = (records: { id: string }[]) => {
    const ids = new Set(records.map(({ id }) => id));
    return (id: string) => ids.has(id);
  };
  expect(lost(diary.threads, ({ text }) => threads.filter(({ metadata }) => metadata['text'] === text).length, has(threads))).toEqual([]);
  const said = (one: Sent) => messages.filter((message) => message.threadId === one.threadId && message.role === 'user' && textOf(message) === one.text).length;
  expect(lost(diary.messages, said, has(messages))).toEqual([]);
  // Every run that a client saw end is there, ended just so, and there is no other: clients looked before they asked again.
  expect(diary.runs.map(({ status }) => status).filter((status) => status !== 'completed')).toEqual([]);
  expect(runs.map(({ id }) => id).sort()).toEqual(diary.runs.map(({ id }) => id).sort());
  // One answer for each run, in its place; a step for each, and one more for each look-up.
  for (const run of runs) {
    const own = messages.filter((message) => message.runId === run.id);
    expect(own.map((message) => [message.role, message.status])).toEqual([['assistant', 'completed']]);
    const asked = messages.filter((message) => message.threadId === run.threadId && message.role === 'user' && message.id < (own[0]?.id ?? '')).at(-1);
    const isLookup = asked !== undefined && textOf(asked).startsWith('look up');
    const ownSteps = steps.filter((step) => step.runId === run.id);
    expect(ownSteps.map(({ details, status }) => `${details.type} ${status}`)).toEqual(isLookup ? ['tool_calls completed', 'message_creation completed'] : ['message_creation completed']);
    expect(run.usage.promptTokens).toBe(COST.prompt * ownSteps.length);
  }
  // Every thread takes a further message and run.
  for (const { id } of threads.slice(-CLIENTS)) {
    await addMessage(server, id, 'say goodbye');
    expect((await seeThrough(server, id, await startRun(server, id, { assistant_id: assistantId }, false), false)).status).toBe('completed');
  }
  expect(await brokenRules(server)).toEqual([]);
}, TEST_MS);
