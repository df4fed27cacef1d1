/** Runs that wait for their thread, on a deployment whose environments die as they line up, as the thread is handed on, and as they begin. */
import { describe, expect, test } from '@jest/globals';
import { lastIs, once, rest, runsOf, stepsOf, transcript } from '../crash/conversation.ts';
import { hold, text } from '../support/scripted-model.ts';
import { ASKED, type Asked, QUESTION, ask, begin } from './crash/asking.ts';
import { brokenRules } from './crash/cloud-ledger.ts';
import { type Scene, TEST_MS, useScene } from './crash/outlives.ts';
import { asDeath } from './crash/saboteur.ts';

const answer = 'Well, yes.';
const TRANSCRIPT = [ASKED, `assistant: ${answer}`, 'user: Second', 'assistant: Yes.', 'user: Third', 'assistant: Yes.'];

const scene = useScene();

/** Lines up behind the run that holds the thread, once however often a Lambda dies of it. */
async function lineUp({ client }: Scene, { threadId, assistantId }: Asked, words: string): Promise<string> {
  const { headers } = once();
  const body = { assistant_id: assistantId, additional_messages: [{ role: 'user' as const, content: words }] };
  const run = await client.insist((openai) => openai.beta.threads.runs.create(threadId, body, { headers: { ...headers, 'x-threadkeep-when-busy': 'queue' } }));
  return run.id;
}

/** Two wait behind one that is under way, on a deployment of which something dies where it is said. */
async function waitTheirTurn(deaths: { atLineUp?: string; atHandOver?: string }): Promise<void> {
  const { client, model, saboteur, server } = scene();
  const first = hold(answer);
  begin(scene(), first);
  // A driver that dies is followed by one that asks again.
  model.scriptFor(lastIs('user', QUESTION), text(answer), text(answer));
  const asked = await ask(scene(), false);
  await first.reached;
  await server.deployment.quiet();

  if (deaths.atLineUp !== undefined) saboteur.watch(asDeath(deaths.atLineUp));
  const waiting = [await lineUp(scene(), asked, 'Second'), await lineUp(scene(), asked, 'Third')];
  if (deaths.atHandOver !== undefined) saboteur.watch(asDeath(deaths.atHandOver));
  first.release();
  const runs = [];
  for (const id of [asked.runId, ...waiting]) runs.push(await rest(client, asked.threadId, id));

  expect(saboteur.deaths).toEqual(Object.values(deaths));
  expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
  expect(await transcript(client, asked.threadId)).toEqual(TRANSCRIPT);
  expect((await runsOf(client, asked.threadId)).map(({ id }) => id)).toEqual([asked.runId, ...waiting]);
  for (const id of waiting) expect(await stepsOf(client, asked.threadId, id)).toEqual(['message_creation completed']);
  await server.deployment.quiet();
  expect(await brokenRules(client, asked.threadId)).toEqual([]);
  server.expectNoErrors();
}

const around = (...points: string[]): string[] => points.flatMap((point) => [`before ${point}`, `after ${point}`]);

describe('runs that wait for their thread begin in their order', () => {
  test('when nobody dies', () => waitTheirTurn({}), TEST_MS);

  test.each(around('Api SendMessage #1', 'Api TransactWriteItems #1'))('after a death %s as they line up', (atLineUp) => waitTheirTurn({ atLineUp }), TEST_MS);

  // The end of the first run, the turn of the second, and its end.
  test.each(around('RunWorker SendMessage #1', 'RunWorker SendMessage #2', 'RunWorker TransactWriteItems #1', 'RunWorker TransactWriteItems #2', 'RunWorker TransactWriteItems #3', 'RunWorker DeleteMessage #1'))(
    'after a death %s as the thread is handed on',
    (atHandOver) => waitTheirTurn({ atHandOver }),
    TEST_MS,
  );
});
