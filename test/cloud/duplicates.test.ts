/** Queue and stream deliver at least once: here every batch comes twice, and nothing must come of that. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { WireExport } from '../../shared/wire/export.ts';
import { type WireDelivery, logOf } from '../e2e/webhook-calls.ts';
import { calls, hang } from '../support/scripted-model.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
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

describe('webhooks and exports', () => {
  const DAY_MS = 86_400_000;
  const typesOf = (log: readonly WireDelivery[]) => log.map(({ event }) => event.type).sort();
  const exportsOf = async (threadId: string) => (await scene().client.client.get<{ data: WireExport[] }>('/exports')).data.filter(({ thread_id }) => thread_id === threadId);

  test('each event is one delivery, and each history one file', async () => {
    const { client, server } = scene();
    begin(scene());
    await using receiver = await WebhookReceiver.start(server.wayOut);
    const types = ['thread.created', 'thread.expiring', 'thread.expired', 'thread.deleted', 'thread.export.completed'];
    const endpoint = await client.client.webhooks.create({ name: 'mine', url: receiver.url, event_types: types as never });
    await client.client.post('/project', { body: { expiring_days: 1 } });
    const told = async (count: number): Promise<WireDelivery[]> =>
      client.eventually(`${count} events are delivered`, async () => {
        const log = await logOf({ client: client.client, endpoint });
        return log.length === count && log.every(({ status }) => status === 'delivered') ? log : undefined;
      });
    const before = ['EventTeller', 'WebhookSender'].map(deliveries);

    const deleted = await client.client.beta.threads.create();
    const { id } = await client.client.post<{ id: string }>('/threads', { body: { retention: { days: 2 }, export_on_expiry: true, messages: [{ role: 'user', content: 'Keep this.' }] } });
    await client.client.post(`/threads/${id}/exports`);
    await told(3);
    await client.client.beta.threads.delete(deleted.id);
    await told(4);
    await client.pass(DAY_MS + 4000, DAY_MS + 4000);
    await told(5);
    await client.pass(DAY_MS + 4000, DAY_MS + 4000);
    await server.deployment.sweep();
    const log = await told(7);
    await client.pass(40_000);

    expect(typesOf(await told(7))).toEqual(['thread.created', 'thread.created', 'thread.deleted', 'thread.expired', 'thread.expiring', 'thread.export.completed', 'thread.export.completed']);
    expect(log.map(({ attempt_count }) => attempt_count)).toEqual(log.map(() => 1));
    // Two who send at once both do, before either has written it down: it has the same id then.
    expect(new Set(receiver.received.map(({ event }) => event.id))).toEqual(new Set(log.map(({ event }) => event.id)));
    expect((await exportsOf(id)).map(({ cause, status }) => [cause, status])).toEqual([['expiry', 'completed'], ['request', 'completed']]);
    expect(await itemsOf(server.deployment, id)).toEqual([]);
    const made = ['EventTeller', 'WebhookSender'].map((construct, at) => deliveries(construct) - (before[at] ?? 0));
    for (const times of made) expect(times % 2).toBe(0);
    server.expectNoErrors();
  }, TEST_MS);
});
