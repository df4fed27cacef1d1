/** Warnings of threads that are older than the wish to be warned: through the queue, and the rights of each function. */
import { expect, test } from '@jest/globals';
import { logOf } from '../e2e/webhook-calls.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { begin } from './crash/asking.ts';
import { TEST_MS, useScene } from './crash/outlives.ts';

const MINUTE_MS = 60_000;
/** Each is an environment of its own here; more than one job sees to are warned of in test/contract/suites/webhooks.ts. */
const THREADS = 2;

const scene = useScene();

test('a project that makes its first endpoint is warned of all threads that it has', async () => {
  const { client: survivor, server } = scene();
  const { client } = survivor;
  begin(scene());
  await client.post('/project', { body: { expiring_days: 365 } });
  const threads = await Promise.all(Array.from({ length: THREADS }, async () => (await client.beta.threads.create()).id));
  await using receiver = await WebhookReceiver.start(server.wayOut);
  const endpoint = await client.webhooks.create({ name: 'warned', url: receiver.url, event_types: ['thread.expiring'] as never });
  await survivor.pass(MINUTE_MS + 1000, MINUTE_MS + 1000);

  const told = await survivor.eventually('all are warned of', async () => {
    await survivor.pass(1000, 1000);
    const events = new Map(receiver.received.map(({ event }) => [event.id, event.data['id'] ?? '']));
    return events.size >= THREADS ? [...events.values()] : undefined;
  });
  expect(told.toSorted()).toEqual(threads.toSorted());
  expect(await logOf({ client, endpoint })).toHaveLength(THREADS);
  server.expectNoErrors();
}, TEST_MS);
