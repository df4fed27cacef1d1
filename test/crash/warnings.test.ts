/** A project that wants to be warned of its threads' ends, on a server that dies while it sets their timers. */
import { expect, test } from '@jest/globals';
import { START_MS } from '../support/manual-clock.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { CrashableServer } from './crashable.ts';
import { TEST_MS, withoutCount } from './points.ts';

const NO_MODEL = 'http://127.0.0.1:9/v1';
/** More than one job sees to. */
const THREADS = 130;

interface Log {
  data: { id: string; event: { data: { id: string } } }[];
  has_more: boolean;
}

async function warnedOf(server: CrashableServer, endpointId: string): Promise<string[]> {
  const told: string[] = [];
  for (let after = ''; ; ) {
    const { data, has_more } = await server.insist((client) => client.get<Log>(`/webhook_endpoints/${endpointId}/deliveries?limit=100${after}`));
    told.push(...data.map(({ event }) => event.data.id));
    if (!has_more) return told;
    after = `&after=${data.at(-1)?.id}`;
  }
}

test.concurrent.each(['inside:arm-warnings', 'after:arm-warnings', 'after:arm-warnings@2', 'before-ack:arm-warnings', 'before-ack:arm-warnings@2'])('all are warned of, once, in spite of a kill -9 at %s', async (crashAt) => {
  await using receiver = await WebhookReceiver.start();
  await using server = await CrashableServer.start({ modelUrl: NO_MODEL, crashAt, clockMs: START_MS });
  const { id: endpointId } = await server.client.webhooks.create({ name: 'warned', url: receiver.url, event_types: ['thread.expiring'] as never });
  const threads = await Promise.all(Array.from({ length: THREADS }, async () => (await server.client.beta.threads.create()).id));
  await server.client.post('/project', { body: { expiring_days: 365 } });

  // A minute later the job comes, and the server dies of it.
  await server.pass(61_000);
  await server.outlived();
  // Overdue, so that no time need pass.
  const told = await server.eventually('all are warned of', async () => {
    const found = await warnedOf(server, endpointId);
    return found.length >= THREADS ? found : undefined;
  });
  expect(told.toSorted()).toEqual(threads.toSorted());
  expect(server.crashes).toEqual([withoutCount(crashAt)]);
  expect(server.errors).toBe('');
}, TEST_MS);
