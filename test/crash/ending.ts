/** A run that is to end otherwise than well, on a server that dies on the way there. */
import { expect } from '@jest/globals';
import type { Run } from 'openai/resources/beta/threads/runs/runs';
import { ScriptedModel, type Step, text } from '../support/scripted-model.ts';
import { addMessage, createAssistant, lastIs, once, rest, runsOf, seeThrough, startRun, stepsOf, surprisesOf, transcript } from './conversation.ts';
import { CrashableServer, type CrashableOptions, eventually } from './crashable.ts';
import { brokenRules } from './ledger.ts';

export const QUESTION = 'Well?';
const NEXT_QUESTION = 'Still there?';

/** The model answers the question with `steps`, one for each time that it is asked, and everything else with `Yes.` */
export async function modelThatSays(...steps: Step[]): Promise<ScriptedModel> {
  const model = await ScriptedModel.start();
  model.scriptFor(lastIs('user', QUESTION), ...steps);
  model.always(text('Yes.'));
  return model;
}

export interface Asked {
  assistantId: string;
  threadId: string;
  runId: string;
  /** The request that started the run, until its answer or its stream has ended. */
  asking: Promise<string>;
}

/** A thread with the question on it and a run under way. */
export async function ask(server: CrashableServer, streamed: boolean): Promise<Asked> {
  const assistantId = await createAssistant(server);
  const key = once();
  const { id: threadId } = await server.insist((client) => client.beta.threads.create({ messages: [{ role: 'user', content: QUESTION }] }, key));
  const asking = startRun(server, threadId, { assistant_id: assistantId }, streamed);
  // Whoever waits for it will see it; a test that fails or does not care need not.
  asking.catch(() => undefined);
  const runId = await eventually('there is a run', async () => (await runsOf(server, threadId))[0]?.id);
  return { assistantId, threadId, runId, asking };
}

export interface Ended {
  status: Run['status'];
  transcript: string[];
  steps: string[];
}

/** How the run ended, after showing that its thread is free and that nothing is left behind. */
export async function endOf(server: CrashableServer, { assistantId, threadId, runId, asking }: Asked): Promise<Ended> {
  const { status } = await rest(server, threadId, runId);
  await asking;
  const ended = { status, transcript: await transcript(server, threadId), steps: await stepsOf(server, threadId, runId) };
  await addMessage(server, threadId, NEXT_QUESTION);
  const next = await seeThrough(server, threadId, await startRun(server, threadId, { assistant_id: assistantId }, false), false);
  expect(next.status).toBe('completed');
  expect(await transcript(server, threadId)).toEqual([...ended.transcript, `user: ${NEXT_QUESTION}`, 'assistant: Yes.']);
  expect(await runsOf(server, threadId)).toHaveLength(2);
  expect(await brokenRules(server)).toEqual([]);
  return ended;
}

/** A server that died at `points`, and a model that was never surprised. */
export async function onServer(options: Omit<CrashableOptions, 'modelUrl'>, steps: Step[], act: (server: CrashableServer, model: ScriptedModel) => Promise<void>): Promise<void> {
  await using model = await modelThatSays(...steps);
  await using server = await CrashableServer.start({ ...options, modelUrl: model.baseUrl });
  await act(server, model);
  expect(await surprisesOf(model)).toEqual([]);
}
