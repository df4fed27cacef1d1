/** How often a user waits for the database, one time after another, before the model is asked. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AwsWorld } from '../../shared/aws/index.ts';
import { hashKey } from '../../shared/domain/api-key.ts';
import { newId } from '../../shared/domain/ids.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import { makeApp } from '../../shared/http/app.ts';
import { create, update } from '../../shared/ports/commit.ts';
import type { Model, ModelChunk, ModelRequest } from '../../shared/ports/model.ts';
import { keys } from '../../shared/ports/store.ts';
import { aMessage, anApiKey, anAssistant, PROJECT, text } from '../support/records.ts';
import { useEngines } from './aws-stage.ts';
import { type AwsStage, makeAwsWorld } from './aws-world.ts';
import { type Stage, useStage } from './suites/stage.ts';
import { Trips } from './trips.ts';

const KEY = 'sk-trips';
const FUNCTION = { type: 'function' as const, function: { name: 'look_up', parameters: {} } };
const CALL: ModelChunk[] = [{ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{}' } }] }, finish_reason: 'tool_calls' }] }];
const says = (content: string): ModelChunk[] => [{ choices: [{ index: 0, delta: { content }, finish_reason: 'stop' }] }];

const engines = useEngines();
let aws: AwsStage;
let trips: Trips;
const stage: Stage = useStage(async () => {
  const clients = (await engines()).clients();
  aws = await makeAwsWorld(await engines(), { clients });
  trips = new Trips(clients.db, aws.requests);
  return aws;
});

/** What the model was asked, and after how many trips. */
let asked: { trips: number; texts: string[] }[];
let answers: ModelChunk[][];
const textsOf = ({ messages }: ModelRequest) => messages.map(({ content }) => (typeof content === 'string' ? content : ''));
const model: Model = {
  async *stream(request) {
    asked.push({ trips: trips.count, texts: textsOf(request) });
    yield* answers.shift() ?? says('Well.');
  },
  list: () => Promise.resolve([]),
};

let world: AwsWorld;
let app: ReturnType<typeof makeApp>;
let assistantId: string;
beforeEach(async () => {
  asked = [];
  answers = [];
  world = { ...aws.world, model };
  app = makeApp({ world, signals: new RunSignals(), maxBodyBytes: 100_000, corsOrigins: [] });
  const assistant = anAssistant({ tools: [FUNCTION] });
  assistantId = assistant.id;
  await stage.put('assistant', assistant);
  await stage.put('api_key', anApiKey({ id: hashKey(KEY) }));
});

interface Made {
  id: string;
}
const send = async (path: string, body: object, headers: Record<string, string> = {}): Promise<string> => {
  const response = await app.request(`/v1${path}`, { method: 'POST', headers: { authorization: `Bearer ${KEY}`, ...headers }, body: JSON.stringify(body) });
  expect(response.status).toBe(200);
  return response.text();
};
const post = async (path: string, body: object): Promise<Made> => JSON.parse(await send(path, body)) as Made;
/** A thread with one message, made with the same key as all that follows. */
const newThread = () => post('/threads', { messages: [{ role: 'user', content: 'Hello' }] });
const drive = async (threadId: string, runId: string) => {
  const run = await aws.store.get(keys.run(PROJECT, threadId, runId));
  if (!run) throw new Error('there is no such run');
  const { job } = driveJob(run, 0);
  await trips.during(() => handleJob(world, new RunSignals(), { job, attempt: 1 }));
};

/** A message as another process adds it: no turn is waited for. */
async function addAsRival(threadId: string, value: string): Promise<void> {
  const before = await aws.store.get(keys.thread(PROJECT, threadId));
  if (!before) throw new Error('there is no thread');
  const message = aMessage({ threadId, content: [text(value)], id: newId('message', aws.clock.nowMs(), before.lastMessageId) });
  await aws.commit({ name: 'rival', writes: [update('thread', before, { ...before, lastMessageId: message.id }), create('message', message)] });
}

describe('between a request and the call to the model there are at most two trips to the database', () => {
  it('of a streamed run', async () => {
    const thread = await newThread();
    await trips.during(() => send(`/threads/${thread.id}/runs`, { assistant_id: assistantId, stream: true }));
    expect(asked).toEqual([{ trips: 2, texts: ['Hello'] }]);
  });

  it('of a streamed run with messages of its own, under an Idempotency-Key', async () => {
    const thread = await newThread();
    const body = { assistant_id: assistantId, stream: true, additional_messages: ['One', 'Two'].map((content) => ({ role: 'user', content })) };
    await trips.during(() => send(`/threads/${thread.id}/runs`, body, { 'idempotency-key': 'once' }));
    expect(asked).toEqual([{ trips: 2, texts: ['Hello', 'One', 'Two'] }]);
  });

  it('of a streamed run, and two more for each time that a rival adds a message in between', async () => {
    const thread = await newThread();
    let rivals = 1;
    world.commit = async (change) => {
      // The thread and its messages have been read by now, or are being read.
      if (change.name === 'create-run' && rivals-- > 0) await addAsRival(thread.id, 'From a rival');
      return aws.commit(change);
    };
    await trips.during(() => send(`/threads/${thread.id}/runs`, { assistant_id: assistantId, stream: true }));
    // Two of the rival's own.
    expect(asked).toEqual([{ trips: 2 + 2 + 2, texts: ['Hello', 'From a rival'] }]);
  });

  it('of a streamed run on a new thread', async () => {
    await newThread();
    await trips.during(() => send('/threads/runs', { assistant_id: assistantId, stream: true, thread: { messages: [{ role: 'user', content: 'Hello' }] } }));
    expect(asked).toEqual([{ trips: 2, texts: ['Hello'] }]);
  });

  it('of a streamed run that goes on with the outputs of its functions', async () => {
    answers = [[...says('Let me look.').map(({ choices = [] }) => ({ choices: choices.map((choice) => ({ ...choice, finish_reason: null })) })), ...CALL]];
    const thread = await newThread();
    const run = await post(`/threads/${thread.id}/runs`, { assistant_id: assistantId });
    await drive(thread.id, run.id);
    await trips.during(() => send(`/threads/${thread.id}/runs/${run.id}/submit_tool_outputs`, { stream: true, tool_outputs: [{ tool_call_id: 'call_1', output: 'found' }] }));
    expect(asked.slice(1)).toEqual([{ trips: 2, texts: ['Hello', 'Let me look.', 'found'] }]);
  });

  it('of a run that a worker drives', async () => {
    const thread = await newThread();
    const run = await post(`/threads/${thread.id}/runs`, { assistant_id: assistantId });
    await drive(thread.id, run.id);
    expect(asked).toEqual([{ trips: 2, texts: ['Hello'] }]);
  });

  it('of a run that a worker goes on with', async () => {
    answers = [CALL];
    const thread = await newThread();
    const run = await post(`/threads/${thread.id}/runs`, { assistant_id: assistantId });
    await drive(thread.id, run.id);
    await post(`/threads/${thread.id}/runs/${run.id}/submit_tool_outputs`, { tool_outputs: [{ tool_call_id: 'call_1', output: 'found' }] });
    await drive(thread.id, run.id);
    expect(asked.slice(1)).toEqual([{ trips: 2, texts: ['Hello', '', 'found'] }]);
  });
});
