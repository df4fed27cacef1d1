/** More runs under way than the queue drives at once, and a server that goes away under all of them. */
import { describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { ScriptedModel, hang, text } from '../support/scripted-model.ts';
import { TestServer } from '../support/server.ts';
import { createAssistant, rest, transcript } from './conversation.ts';
import { CrashableServer, eventually } from './crashable.ts';
import { brokenRules } from './ledger.ts';
import { TEST_MS } from './points.ts';

const CROWD = 300;
const THREAD = { messages: [{ role: 'user' as const, content: 'Well?' }] };

test('a crowd of runs outlives a kill -9', async () => {
  await using model = await ScriptedModel.start();
  await using server = await CrashableServer.start({ modelUrl: model.baseUrl });
  model.always(hang('Hmm…'));
  const assistant_id = await createAssistant(server);
  const created = await Promise.all(Array.from({ length: CROWD }, () => server.client.beta.threads.createAndRun({ assistant_id, thread: THREAD })));
  await eventually('the model is busy', () => Promise.resolve(model.requests.length >= 200 || undefined));
  // One that may still wait for its turn: to cancel it there need not be a turn.
  const [dropped, ...kept] = created.reverse();
  if (!dropped) throw new Error('there is no crowd');
  await server.client.beta.threads.runs.cancel(dropped.id, { thread_id: dropped.thread_id });
  expect((await rest(server, dropped.thread_id, dropped.id)).status).toBe('cancelled');
  await server.kill();
  model.reset();
  model.always(text('Well.'));
  await server.restart();
  for (const run of kept) {
    expect((await rest(server, run.thread_id, run.id)).status).toBe('completed');
    expect(await transcript(server, run.thread_id)).toEqual(['user: Well?', 'assistant: Well.']);
  }
  expect(await brokenRules(server)).toEqual([]);
}, TEST_MS);

describe('a server that is asked to stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('leaves its runs to the next one on %s', async (signal) => {
    await using model = await ScriptedModel.start();
    await using server = await TestServer.start({ env: { MODEL_BASE_URL: model.baseUrl } });
    const client = () => new OpenAI({ baseURL: server.baseUrl, apiKey: 'sk-local', maxRetries: 0 });
    model.always(hang('Hmm…'));
    const { id: assistant_id } = await client().beta.assistants.create({ model: 'gpt-4o' });
    const polled = await client().beta.threads.createAndRun({ assistant_id, thread: THREAD });
    const stream = await client().beta.threads.createAndRun({ assistant_id, thread: THREAD, stream: true });
    const runs: { id: string; thread_id: string }[] = [polled];
    // The stream breaks off with the server.
    const listening = (async () => {
      for await (const { event, data } of stream) if (event === 'thread.run.created') runs.push(data);
    })().catch(() => undefined);
    await eventually('both runs have reached the model', () => Promise.resolve((model.requests.length === 2 && runs.length === 2) || undefined));
    expect(await server.stop(signal)).toMatchObject({ code: 0 });
    await listening;

    model.reset();
    model.always(text('Well.'));
    await server.boot();
    for (const { id, thread_id } of runs) {
      expect((await client().beta.threads.runs.poll(id, { thread_id })).status).toBe('completed');
      expect((await client().beta.threads.messages.list(thread_id)).data).toHaveLength(2);
    }
    server.expectNoErrors();
  }, TEST_MS);
});
