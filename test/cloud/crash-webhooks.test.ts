/** Events reach their endpoint whichever Lambda dies on the way, and once for those who look at their ids. */
import { describe, expect, test } from '@jest/globals';
import type { WebhookEndpointWithSecret } from 'openai/resources/webhooks/webhooks';
import { type WireDelivery, logOf } from '../e2e/webhook-calls.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { TEST_MS, useScene } from './crash/outlives.ts';
import { type Death, asDeath } from './crash/saboteur.ts';

/** Every call that changes something, and the first of each that only reads. */
const POINTS = [
  ...['EventTeller Query #1', 'EventTeller BatchGetItem #1', 'EventTeller GetItem #1', 'EventTeller PutItem #1', 'EventTeller SendMessage #1'],
  ...['WebhookSender ChangeMessageVisibility #1', 'WebhookSender GetItem #1', 'WebhookSender PutItem #1', 'WebhookSender DeleteMessage #1'],
];
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
  expect(delivery.event).toMatchObject({ type: 'thread.created', data: { id: thread.id } });
  await client.client.webhooks.delete(endpoint.id);
  return delivery;
}

test('an event is delivered by these calls, once', async () => {
  await using receiver = await WebhookReceiver.start(scene().server.wayOut);
  const delivery = await tell(receiver);
  expect(delivery).toMatchObject({ attempt_count: 1, attempts: [{ status_code: 200 }] });
  expect(receiver.received).toHaveLength(1);
  expect(scene().saboteur.passed.filter(isOnTheWay).sort()).toEqual(POINTS.toSorted());
  scene().server.expectNoErrors();
}, TEST_MS);

describe('an event is delivered in spite of a death', () => {
  test.each(['before', 'after'].flatMap((when) => POINTS.map((point) => `${when} ${point}`)))('%s', async (death) => {
    await using receiver = await WebhookReceiver.start(scene().server.wayOut);
    const { event } = await tell(receiver, [asDeath(death)]);
    expect(scene().saboteur.deaths).toEqual([death]);
    expect(new Set(receiver.received.map(({ event: sent }) => JSON.stringify(sent)))).toEqual(new Set([JSON.stringify(event)]));
    expect(receiver.received.length).toBeLessThanOrEqual(2);
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
