/** Events reach their endpoint whichever Lambda dies on the way, and once for those who look at their ids. */
import { describe, expect, test } from '@jest/globals';
import type { WebhookEndpointWithSecret } from 'openai/resources/webhooks/webhooks';
import { type WireDelivery, logOf } from '../e2e/webhook-calls.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { TEST_MS, useScene } from './crash/outlives.ts';
import { type Death, asDeath } from './crash/saboteur.ts';

/** The first call of each kind that only reads, and every one that changes something. */
const READS = ['EventTeller Query #1', 'EventTeller BatchGetItem #1', 'EventTeller GetItem #1', 'WebhookSender GetItem #1'];
const STEPS = ['EventTeller PutItem #1', 'EventTeller SendMessage #1', 'WebhookSender PutItem #1', 'WebhookSender DeleteMessage #1'];
/** What a death before it costs, crash-polled.test.ts shows of all queues. */
const CLAIM = 'WebhookSender ChangeMessageVisibility #1';
const DEATHS = [`after ${CLAIM}`, ...READS.map((point) => `before ${point}`), ...STEPS.flatMap((point) => [`before ${point}`, `after ${point}`])];
const isOnTheWay = (point: string) => /^(EventTeller|WebhookSender) /.test(point);

const scene = useScene();

/** A thread is made, and whoever is told of it is told. Resolves to the delivery when it has been. */
async function tell(receiver: WebhookReceiver, deaths: Death[] = []): Promise<WireDelivery> {
  const { client, saboteur } = scene();
  const endpoint: WebhookEndpointWithSecret = await client.client.webhooks.create({ name: 'mine', url: receiver.url, event_types: ['thread.created'] as never });
  saboteur.watch(...deaths);
  const thread = await client.client.beta.threads.create();
  const delivery = await client.eventually('it is delivered', async () => {
    const [first, ...others] = await logOf({ client: client.client, endpoint });
    expect(others).toEqual([]);
    return first?.status === 'delivered' ? first : undefined;
  });
  // The log tells of it before whoever wrote it down has died of that, and before a message comes again that nobody deleted.
  await client.eventually('who is to die has', () => Promise.resolve(saboteur.deaths.length >= deaths.length ? true : undefined));
  await client.pass(60_000, 20_000);
  expect(delivery.event).toMatchObject({ type: 'thread.created', data: { id: thread.id } });
  await client.client.webhooks.delete(endpoint.id);
  return delivery;
}

test('an event is delivered by these calls, once', async () => {
  await using receiver = await WebhookReceiver.start(scene().server.wayOut);
  const delivery = await tell(receiver);
  expect(delivery).toMatchObject({ attempt_count: 1, attempts: [{ status_code: 200 }] });
  expect(receiver.received).toHaveLength(1);
  expect(scene().saboteur.passed.filter(isOnTheWay).sort()).toEqual([CLAIM, ...READS, ...STEPS].sort());
  scene().server.expectNoErrors();
}, TEST_MS);

describe('an event is delivered in spite of a death', () => {
  test.each(DEATHS)('%s', async (death) => {
    await using receiver = await WebhookReceiver.start(scene().server.wayOut);
    const { event, attempt_count } = await tell(receiver, [asDeath(death)]);
    expect(scene().saboteur.deaths).toEqual([death]);
    expect(attempt_count).toBe(1);
    expect(new Set(receiver.received.map(({ event: sent }) => JSON.stringify(sent)))).toEqual(new Set([JSON.stringify(event)]));
    // It was sent, and nobody had written that down.
    expect(receiver.received).toHaveLength(death === 'before WebhookSender PutItem #1' ? 2 : 1);
    scene().server.expectNoErrors();
  }, TEST_MS);

  test('while the endpoint answers', async () => {
    await using receiver = await WebhookReceiver.start(scene().server.wayOut);
    receiver.answer = async () => {
      if (receiver.received.length === 1) await scene().saboteur.killRunning('WebhookSender', 'endpoint');
      return 200;
    };
    const { event } = await tell(receiver);
    expect(receiver.received.map(({ event: sent }) => sent)).toEqual([event, event]);
    scene().server.expectNoErrors();
  }, TEST_MS);
});
