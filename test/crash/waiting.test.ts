/** Runs that wait for their thread, on a server that dies as they line up, as the thread is handed on, and as they begin. */
import { describe, expect, test } from '@jest/globals';
import { type Step, hold, httpError, text } from '../support/scripted-model.ts';
import { lastIs, once, rest, runsOf, stepsOf, transcript } from './conversation.ts';
import type { CrashableServer } from './crashable.ts';
import { QUESTION, ask, onServer } from './ending.ts';
import { brokenRules } from './ledger.ts';
import { TEST_MS, around } from './points.ts';

/** Lines up behind the run that holds the thread, once however often the server dies of it. */
async function lineUp(server: CrashableServer, { threadId, assistantId }: { threadId: string; assistantId: string }, words: string): Promise<string> {
  const { headers } = once();
  const options = { headers: { ...headers, 'x-threadkeep-when-busy': 'queue' } };
  const body = { assistant_id: assistantId, additional_messages: [{ role: 'user' as const, content: words }] };
  return (await server.insist((client) => client.beta.threads.runs.create(threadId, body, options))).id;
}

/** Both go on when the first answer does, and leave what they leave on a server that lives. */
async function outlives(crashAt: string, first: () => Step, expected: { status: string; answer: string[] }): Promise<void> {
  const held = first();
  await onServer({ crashAt }, [held, ...Array.from({ length: 3 }, () => letGo(first()))], async (server, model) => {
    model.scriptFor(lastIs('user', /^(Second|Third)$/), ...Array.from({ length: 6 }, () => text('Yes.')));
    const asked = await ask(server, false);
    await held.reached;
    const waiting = [await lineUp(server, asked, 'Second'), await lineUp(server, asked, 'Third')];
    held.release();

    const runs = await Promise.all([asked.runId, ...waiting].map((id) => rest(server, asked.threadId, id)));

    expect(server.crashes).toEqual([crashAt.replace(/@\d+$/, '')]);
    expect(runs.map(({ status }) => status)).toEqual([expected.status, 'completed', 'completed']);
    expect(await transcript(server, asked.threadId)).toEqual([`user: ${QUESTION}`, ...expected.answer, 'user: Second', 'assistant: Yes.', 'user: Third', 'assistant: Yes.']);
    expect((await runsOf(server, asked.threadId)).map(({ id }) => id)).toEqual(runs.map(({ id }) => id));
    for (const id of waiting) expect(await stepsOf(server, asked.threadId, id)).toEqual(['message_creation completed']);
    expect(await brokenRules(server)).toEqual([]);
  });
}

const letGo = (step: Step): Step => (step.release(), step);

describe('runs that wait for their thread', () => {
  const points = [...around('create-waiting-run', 'end-run-completed', 'take-turn'), 'before-ack:drive-run@2', ...around('end-run-completed', 'take-turn').map((point) => `${point}@2`), 'model:request@2'];
  test.concurrent.each(points)('begin in their order after a kill -9 at %s', (crashAt) => outlives(crashAt, () => hold('Well, yes.'), { status: 'completed', answer: ['assistant: Well, yes.'] }), TEST_MS);

  test.concurrent.each(around('end-run-failed'))('begin behind a run that fails, after a kill -9 at %s', (crashAt) => outlives(crashAt, () => httpError(400, { message: 'No.' }).gated(), { status: 'failed', answer: [] }), TEST_MS);
});
