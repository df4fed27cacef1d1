/** Webhooks of a server that dies while it tells and sends: nothing that was committed is lost, nothing else is told. */
import { describe, expect, test } from '@jest/globals';
import type OpenAI from 'openai';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { CrashableServer } from './crashable.ts';
import { TEST_MS, around, withoutCount } from './points.ts';

const NO_MODEL = 'http://127.0.0.1:9/v1';
const THREADS = 3;

interface Log {
  data: { id: string; status: string; event: { id: string; type: string; data: { id: string } } }[];
}

const newEndpoint = async (server: CrashableServer, url: string): Promise<string> => {
  const { id } = await server.client.webhooks.create({ name: 'all', url, event_types: ['thread.created', 'thread.deleted'] as never });
  return id;
};
const existing = async (client: OpenAI): Promise<string[]> => ((await client.get('/threads')) as { data: { id: string }[] }).data.map(({ id }) => id);

describe('a delivery', () => {
  const points = [...around('create-thread'), ...around('tell-webhook'), 'before:tell-webhook@2', 'after:tell-webhook@3', 'before-ack:created', 'before-ack:created@3', ...around('record-attempt'), 'after:record-attempt@2', 'before-ack:send-delivery', 'before-ack:send-delivery@3'];

  test.concurrent.each(points)('outlives a kill -9 at %s', async (crashAt) => {
    await using receiver = await WebhookReceiver.start();
    await using server = await CrashableServer.start({ modelUrl: NO_MODEL, crashAt });
    const endpoint = await newEndpoint(server, receiver.url);
    for (let n = 0; n < THREADS; n++) await server.survive((client) => client.beta.threads.create());
    await server.outlived();
    const threads = await server.insist(existing);

    const log = await server.eventually('all is delivered', async () => {
      const { data } = (await server.client.get(`/webhook_endpoints/${endpoint}/deliveries`)) as Log;
      return data.length === threads.length && data.every(({ status }) => status === 'delivered') ? data : undefined;
    });
    // One delivery for each thread that is there, and none for one that is not.
    expect(log.map(({ event }) => event.data.id).sort()).toEqual(threads.toSorted());
    expect(new Set(receiver.received.map(({ event }) => event.data['id']))).toEqual(new Set(threads));
    // Sent again after a crash it is the same event to its receiver.
    expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(threads.length);
    expect(server.crashes).toEqual([withoutCount(crashAt)]);
  }, TEST_MS);

  test.concurrent.each(around('replay-delivery'))('that is replayed is sent again, with a kill -9 at %s', async (crashAt) => {
    await using receiver = await WebhookReceiver.start();
    await using server = await CrashableServer.start({ modelUrl: NO_MODEL, crashAt });
    const endpoint = await newEndpoint(server, receiver.url);
    await server.client.beta.threads.create();
    const delivered = () =>
      server.eventually('it is delivered', async () => {
        const { data } = (await server.client.get(`/webhook_endpoints/${endpoint}/deliveries`)) as Log;
        return data[0]?.status === 'delivered' ? data[0] : undefined;
      });
    const { id } = await delivered();
    // Whoever had no answer asks again.
    await server.insist((client) => client.post(`/webhook_endpoints/${endpoint}/deliveries/${id}/replay`));
    await server.eventually('it is sent again', () => Promise.resolve(receiver.received.length >= 2 ? true : undefined));
    expect((await delivered()).id).toBe(id);
    expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1);
    expect(server.crashes).toEqual([crashAt]);
  }, TEST_MS);
});
