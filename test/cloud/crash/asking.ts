/** A run that is to end otherwise than well, on a deployment. */
import { expect } from '@jest/globals';
import type { Run } from 'openai/resources/beta/threads/runs/runs';
import { addMessage, createAssistant, lastIs, once, rest, runsOf, seeThrough, startRun, stepsOf, transcript } from '../../crash/conversation.ts';
import { type Step, text } from '../../support/scripted-model.ts';
import { brokenRules } from './cloud-ledger.ts';
import type { Scene } from './outlives.ts';

export const QUESTION = 'Well?';
export const ASKED = `user: ${QUESTION}`;
const NEXT_QUESTION = 'Still there?';

/** From now on the model answers the question with `steps`, one for each time that it is asked, and everything else with `Yes.` Nobody dies. */
export function begin({ model, saboteur }: Scene, ...steps: Step[]): void {
  model.reset();
  model.scriptFor(lastIs('user', QUESTION), ...steps);
  model.always(text('Yes.'));
  saboteur.watch();
}

export interface Asked {
  assistantId: string;
  threadId: string;
  runId: string;
  /** The request that started the run, until its answer or its stream has ended. */
  asking: Promise<string>;
}

/** A thread with the question on it and a run under way. */
export async function ask({ client }: Scene, streamed: boolean, more: { instructions?: string } = {}): Promise<Asked> {
  const assistantId = await createAssistant(client);
  const { id: threadId } = await client.client.beta.threads.create({ messages: [{ role: 'user', content: QUESTION }] }, once());
  const asking = startRun(client, threadId, { assistant_id: assistantId, ...more }, streamed);
  asking.catch(() => undefined);
  const runId = await client.eventually('there is a run', async () => (await runsOf(client, threadId))[0]?.id);
  return { assistantId, threadId, runId, asking };
}

/** Likewise, and it waits for outputs. Resolves to its window's end as well. */
export async function waiting(scene: Scene, streamed: boolean, more?: { instructions?: string }): Promise<Asked & { leftMs: number }> {
  const asked = await ask(scene, streamed, more);
  const run = await rest(scene.client, asked.threadId, asked.runId);
  expect(run.status).toBe('requires_action');
  await asked.asking;
  // By then its jobs have found that there is nothing to do.
  await scene.client.pass(100_000, 20_000);
  return { ...asked, leftMs: (run.expires_at ?? 0) * 1000 - scene.server.deployment.clock.nowMs() };
}

export interface Ended {
  status: Run['status'];
  transcript: string[];
  steps: string[];
}

/** How the run ended, after showing that its thread is free and that nothing is left behind. */
export async function endOf({ client }: Scene, { assistantId, threadId, runId, asking }: Asked): Promise<Ended> {
  const { status } = await rest(client, threadId, runId);
  await asking;
  const ended = { status, transcript: await transcript(client, threadId), steps: await stepsOf(client, threadId, runId) };
  await addMessage(client, threadId, NEXT_QUESTION);
  const next = await seeThrough(client, threadId, await startRun(client, threadId, { assistant_id: assistantId }, false), false);
  expect(next.status).toBe('completed');
  expect(await transcript(client, threadId)).toEqual([...ended.transcript, `user: ${NEXT_QUESTION}`, 'assistant: Yes.']);
  expect(await runsOf(client, threadId)).toHaveLength(2);
  expect(await brokenRules(client, threadId)).toEqual([]);
  return ended;
}
