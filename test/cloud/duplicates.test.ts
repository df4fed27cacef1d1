/** Queue and stream deliver at least once: here every batch comes twice, and nothing must come of that. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { calls, hang } from '../support/scripted-model.ts';
import { ASKED, ask, begin, endOf, waiting } from './crash/asking.ts';
import { itemsOf, jobsOf } from './crash/cloud-ledger.ts';
import { TEST_MS, outlives, useScene } from './crash/outlives.ts';

const LOOKUP = () => calls([{ name: 'lookup', arguments: { city: 'Oslo' } }]);

const scene = useScene();

const deliveries = (construct: string): number => scene().server.deployment.fn(construct).invocations;

beforeAll(() => scene().server.deployment.mappings.duplicate());

describe.each([
  ['polled', false],
  ['streamed', true],
])('%s', (_, streamed) => {
  test('a conversation leaves what it would have left, and asks the model as often', async () => {
    const before = deliveries('RunWorker');
    await outlives(scene(), { streamed });
    const made = deliveries('RunWorker') - before;
    expect(made).toBeGreaterThanOrEqual(2);
    expect(made % 2).toBe(0);
  }, TEST_MS);

  test('a run is cancelled in the middle of an answer', async () => {
    const slow = hang('Hmm…');
    begin(scene(), slow);
    const asked = await ask(scene(), streamed);
    await slow.reached;
    await scene().client.client.beta.threads.runs.cancel(asked.runId, { thread_id: asked.threadId });
    await scene().client.pass(8000);
    expect(await endOf(scene(), asked)).toEqual({ status: 'cancelled', transcript: [ASKED, 'assistant: Hmm…'], steps: ['message_creation cancelled'] });
    expect(scene().model.requests).toHaveLength(2);
    scene().server.expectNoErrors();
  }, TEST_MS);

  test('a run is cancelled while it waits for outputs', async () => {
    begin(scene(), LOOKUP());
    const asked = await waiting(scene(), streamed);
    await scene().client.client.beta.threads.runs.cancel(asked.runId, { thread_id: asked.threadId });
    expect(await endOf(scene(), asked)).toEqual({ status: 'cancelled', transcript: [ASKED], steps: ['lookup -> nothing cancelled'] });
    scene().server.expectNoErrors();
  }, TEST_MS);

  test('a run expires', async () => {
    begin(scene(), LOOKUP());
    const asked = await waiting(scene(), streamed);
    await scene().client.pass(asked.leftMs, asked.leftMs);
    expect(await endOf(scene(), asked)).toEqual({ status: 'expired', transcript: [ASKED], steps: ['lookup -> nothing expired'] });
    scene().server.expectNoErrors();
  }, TEST_MS);

  test('a thread is deleted with all that hangs under it, and only that', async () => {
    begin(scene(), LOOKUP(), LOOKUP());
    const [kept, deleted] = [await waiting(scene(), streamed), await waiting(scene(), streamed)];
    // By then the jobs of both have been found done.
    await scene().client.pass(40_000);
    const { client, server } = scene();
    const count = (await itemsOf(server.deployment, kept.threadId)).length;
    const before = deliveries('ThreadReaper');
    await client.client.beta.threads.delete(deleted.threadId);
    await client.eventually('nothing is left of the thread', async () => ((await itemsOf(server.deployment, deleted.threadId)).length === 0 ? true : undefined));
    await client.pass(deleted.leftMs, deleted.leftMs);
    expect(deliveries('ThreadReaper') - before).toBe(2);
    expect(await jobsOf(server.deployment, deleted.threadId)).toEqual([]);
    expect(await itemsOf(server.deployment, kept.threadId)).toHaveLength(count);
    expect(await endOf(scene(), kept)).toMatchObject({ status: 'expired' });
    server.expectNoErrors();
  }, TEST_MS);
});
