/** Calls that endpoints of the project answer, on a server that dies of asking them: every run ends, every call has its one output. */
import { describe, expect, test } from '@jest/globals';
import { openCalls } from '../../shared/domain/run-step.ts';
import { ScriptedModel, calls, text } from '../support/scripted-model.ts';
import { ToolReceiver } from '../support/tool-receiver.ts';
import { type Told, lastIs, once, rest, seeThrough, startRun, stepsOf, surprisesOf } from './conversation.ts';
import { CrashableServer, eventually } from './crashable.ts';
import { brokenPromises, brokenRules, readLedger } from './ledger.ts';
import { TEST_MS, around, withoutCount } from './points.ts';

const QUESTION = 'Well?';
const COST = { prompt: 101, completion: 7 };
const call = (name: string) => ({ name, arguments: {} });
const tool = (name: string) => ({ type: 'function', function: { name } }) as const;

interface Played {
  server: CrashableServer;
  receiver: ToolReceiver;
  threadId: string;
  assistantId: string;
}

/** A model that calls these functions and then is content; endpoints for those that are to have one. */
async function play(crashAt: string, called: string[], endpoints: string[], act: (played: Played) => Promise<void>): Promise<void> {
  await using receiver = await ToolReceiver.start();
  await using model = await ScriptedModel.start();
  model.scriptFor(lastIs('user', QUESTION), ...Array.from({ length: 4 }, () => calls(called.map(call), { usage: COST })));
  model.scriptFor(({ messages }) => messages.at(-1)?.role === 'tool', ...Array.from({ length: 4 }, () => text('Done.', { usage: COST })));
  await using server = await CrashableServer.start({ modelUrl: model.baseUrl, crashAt });
  for (const name of endpoints) await server.client.post('/tool_endpoints', { body: { name, url: receiver.urlOf(name) } });
  const key = once();
  const assistant = await server.client.beta.assistants.create({ model: 'gpt-4o', tools: called.map(tool) });
  const thread = await server.client.beta.threads.create({ messages: [{ role: 'user', content: QUESTION }] }, key);
  await act({ server, receiver, threadId: thread.id, assistantId: assistant.id });
  expect(server.crashes).toEqual([withoutCount(crashAt)]);
  expect(await brokenRules(server)).toEqual([]);
  expect(await surprisesOf(model)).toEqual([]);
  // A call may come again after a crash, and says so by its id.
  const asked = Map.groupBy(receiver.received, ({ headers }) => headers['webhook-id']);
  for (const times of asked.values()) expect(times.length).toBeLessThanOrEqual(2);
}

/** Whether the stored step has no more than one call left without an output. */
const isHalf = (server: CrashableServer): boolean => {
  const step = readLedger(server.dataDir).steps.find(({ details }) => details.type === 'tool_calls');
  return step !== undefined && openCalls(step).length <= 1;
};
/** For an endpoint that answers last; whoever asked may be dead by then. */
const answerLast = (server: CrashableServer, answer: string) =>
  eventually('the other call is answered', () => Promise.resolve(isHalf(server) || undefined)).then(
    () => answer,
    () => undefined,
  );

async function expectDone({ server, threadId }: Played, runId: string, steps: string[], told: Told): Promise<void> {
  const run = await rest(server, threadId, runId);
  expect(run).toMatchObject({ status: 'completed', usage: { total_tokens: 216 } });
  expect(await stepsOf(server, threadId, runId)).toEqual(steps);
  expect(brokenPromises(server, told)).toEqual([]);
}

describe.each([
  ['polled', false],
  ['streamed', true],
])('%s', (_, streamed) => {
  test.concurrent.each([...around('dispatch-calls', 'save-outputs', 'complete-calls'), ...(streamed ? [] : ['before-ack:drive-run'])])('calls that endpoints answer alone outlive a kill -9 at %s', async (crashAt) => {
    await play(crashAt, ['near', 'far'], ['near', 'far'], async (played) => {
      const { server, receiver, threadId, assistantId } = played;
      // The second comes when the first is stored.
      receiver.answer = async ({ call: { function: { name } } }) => (name === 'near' ? 'from near' : answerLast(server, 'from far'));
      const told: Told = [];
      const runId = await startRun(server, threadId, { assistant_id: assistantId }, streamed, told);
      await expectDone(played, runId, ['near -> from, far -> from completed', 'message_creation completed'], told);
      // What was stored is not asked for again.
      if (crashAt.endsWith('complete-calls')) expect(receiver.received.filter(({ path }) => path === '/near')).toHaveLength(1);
    });
  }, TEST_MS);

  test.concurrent.each([...around('require-action', 'hold-calls', 'save-outputs', 'submit-tool-outputs'), 'before-ack:call-tools'])('calls beside the client outlive a kill -9 at %s, the client last', async (crashAt) => {
    await play(crashAt, ['near', 'here'], ['near'], async (played) => {
      const { server, threadId, assistantId } = played;
      const told: Told = [];
      const runId = await startRun(server, threadId, { assistant_id: assistantId }, streamed, told);
      await server.eventually('the endpoint has answered', async () => {
        const run = await server.survive((client) => client.beta.threads.runs.retrieve(runId, { thread_id: threadId }));
        return (run?.status === 'requires_action' && isHalf(server)) || undefined;
      });
      const run = await seeThrough(server, threadId, runId, streamed, told);
      await expectDone(played, run.id, ['near -> answer, here -> sunny completed', 'message_creation completed'], told);
    });
  }, TEST_MS);

  const last = streamed ? ['save-outputs', 'complete-calls'] : ['resume-run'];
  test.concurrent.each([...around('submit-tool-outputs', ...last), 'before-ack:call-tools'])('calls beside the client outlive a kill -9 at %s, the endpoint last', async (crashAt) => {
    await play(crashAt, ['near', 'here'], ['near'], async (played) => {
      const { server, receiver, threadId, assistantId } = played;
      receiver.answer = () => answerLast(server, 'from near');
      const told: Told = [];
      const runId = await startRun(server, threadId, { assistant_id: assistantId }, streamed, told);
      const run = await seeThrough(server, threadId, runId, streamed, told);
      await expectDone(played, run.id, ['near -> from, here -> sunny completed', 'message_creation completed'], told);
    });
  }, TEST_MS);
});
