/** What an endpoint is sent, and that every official client accepts it. */
import { describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import OpenAI5 from 'openai5';
import OpenAI6 from 'openai6';
import { Webhook } from 'standardwebhooks';
import type { WebhookTestParams } from 'openai/resources/webhooks/webhooks';
import { text } from '../../support/scripted-model.ts';
import { type Received, WebhookReceiver } from '../../support/webhook-receiver.ts';
import { type Stage, eventually } from '../stage.ts';
import { deliveryThat, logOf, newEndpoint, replay, told } from '../webhook-calls.ts';

const clients = { openai5: new OpenAI5({ apiKey: 'x' }), openai6: new OpenAI6({ apiKey: 'x' }), openai7: new OpenAI({ apiKey: 'x' }) };
const accepts = {
  openai5: ({ body, headers }: Received, secret: string) => clients.openai5.webhooks.unwrap(body, headers, secret),
  openai6: ({ body, headers }: Received, secret: string) => clients.openai6.webhooks.unwrap(body, headers, secret),
  openai7: ({ body, headers }: Received, secret: string) => clients.openai7.webhooks.unwrap(body, headers, secret),
  standardwebhooks: async ({ body, headers }: Received, secret: string) => new Webhook(secret).verify(body, headers),
};

export function webhookEvents(use: () => Stage): void {
  describe('what happens in a thread', () => {
    test('is told in its order, signed so that every client accepts it', async () => {
      await using receiver = await WebhookReceiver.start(use().server.wayOut);
      const { client, endpoint } = await newEndpoint(use(), receiver);
      const assistant = await client.beta.assistants.create({ model: 'gpt-4o' });
      const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
      use().model.script(text('Hello to you.'));
      const run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
      await client.beta.threads.delete(thread.id);
      const received = await told(receiver, 'thread.deleted');

      expect(receiver.types).toEqual(['thread.created', 'thread.run.queued', 'thread.run.in_progress', 'thread.message.completed', 'thread.run.completed', 'thread.deleted']);
      expect(received.map(({ event }) => event.data)).toEqual([
        { id: thread.id },
        ...[1, 2].map(() => ({ id: run.id, thread_id: thread.id, assistant_id: assistant.id })),
        { id: expect.stringMatching(/^msg_/), thread_id: thread.id, run_id: run.id },
        { id: run.id, thread_id: thread.id, assistant_id: assistant.id },
        { id: thread.id },
      ]);
      for (const each of received) {
        expect(each.event).toMatchObject({ id: each.headers['webhook-id'], object: 'event', created_at: expect.any(Number) });
        for (const accept of Object.values(accepts)) expect(await accept(each, endpoint.signing_secret)).toEqual(each.event);
      }
    });

    test('is told to those who want to know, of that project', async () => {
      await using receiver = await WebhookReceiver.start(use().server.wayOut);
      await using other = await WebhookReceiver.start(use().server.wayOut);
      const { client } = await newEndpoint(use(), receiver, ['thread.deleted']);
      await newEndpoint(use(), other);
      const { id } = await client.beta.threads.create();
      await client.beta.threads.delete(id);
      await told(receiver, 'thread.deleted');
      expect([receiver.types, other.types]).toEqual([['thread.deleted'], []]);
    });

    test('is written in the endpoint’s log, and can be sent again', async () => {
      await using receiver = await WebhookReceiver.start(use().server.wayOut);
      const hooked = await newEndpoint(use(), receiver, ['thread.created']);
      const { client, endpoint } = hooked;
      await client.beta.threads.create();
      const [first] = await told(receiver, 'thread.created');
      const delivery = await deliveryThat(hooked, 'delivered', ({ status }) => status === 'delivered');
      expect(delivery).toMatchObject({ object: 'webhook_endpoint.delivery', webhook_endpoint_id: endpoint.id, event: first?.event, attempt_count: 1, attempts: [{ status_code: 200, error: null }], next_attempt_at: null, delivered_at: expect.any(Number) });

      expect(await replay(hooked, delivery.id)).toMatchObject({ id: delivery.id, status: 'pending' });
      await eventually('sent again', async () => (receiver.received.length === 2 ? true : undefined));
      expect(receiver.received[1]?.event).toEqual(first?.event);
      await deliveryThat(hooked, 'written down', ({ attempts }) => attempts.length === 2);
    });

    test('is told with both secrets while the old one holds', async () => {
      await using receiver = await WebhookReceiver.start(use().server.wayOut);
      const { client, endpoint } = await newEndpoint(use(), receiver, ['thread.created']);
      const { signing_secret } = await client.webhooks.rotateSecret(endpoint.id, { keep_old_secret_active_for_24_hours: true });
      await client.beta.threads.create();
      const [both] = await told(receiver, 'thread.created');
      if (!both) throw new Error('nothing received');
      for (const accept of Object.values(accepts)) {
        await accept(both, signing_secret);
        await accept(both, endpoint.signing_secret);
      }
      const last = await client.webhooks.rotateSecret(endpoint.id);
      await client.beta.threads.create();
      const one = await eventually('told', async () => receiver.received[1]);
      for (const accept of Object.values(accepts)) {
        await accept(one, last.signing_secret);
        await expect(accept(one, signing_secret)).rejects.toThrow();
      }
    });
  });

  describe('a test of an endpoint', () => {
    const type = 'thread.run.completed' as WebhookTestParams['event_type'];

    test('sends a sample at once and says what was answered', async () => {
      await using receiver = await WebhookReceiver.start(use().server.wayOut);
      const { client, endpoint } = await newEndpoint(use(), receiver);
      const result = { object: 'webhook_endpoint.test', webhook_endpoint_id: endpoint.id, event_type: type, success: true };
      expect(await client.webhooks.test(endpoint.id, { event_type: type })).toEqual({ ...result, status_code: 200 });
      receiver.answer = () => 503;
      expect(await client.webhooks.test(endpoint.id, { event_type: type })).toEqual({ ...result, status_code: 503 });
      for (const each of receiver.received) await accepts.openai7(each, endpoint.signing_secret);
      expect(await logOf({ client, endpoint })).toEqual([]);
    });

    test('says why nothing was answered', async () => {
      const receiver = await WebhookReceiver.start(use().server.wayOut);
      const { client, endpoint } = await newEndpoint(use(), receiver);
      await receiver[Symbol.asyncDispose]();
      await expect(client.webhooks.test(endpoint.id, { event_type: type })).rejects.toThrow('The endpoint refused the connection.');
    });
  });
}
