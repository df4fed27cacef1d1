/** Endpoints of webhooks, managed as the official client manages them. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI, { APIError } from 'openai';
import type { WebhookCreateParams } from 'openai/resources/webhooks/webhooks';
import { EVENT_TYPES } from '../../../shared/domain/webhook-event.ts';
import type { Stage } from '../stage.ts';

/** The client's types name the hosted service's events alone. */
const types = (...names: string[]) => names as WebhookCreateParams['event_types'];
const params = (change: object = {}): WebhookCreateParams => ({ name: 'Mine', url: 'https://hooks.example.com/in', event_types: types('thread.created', 'thread.run.completed'), ...change });

const failure = async (call: Promise<unknown>): Promise<APIError> => {
  const error = await call.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof APIError)) throw new Error('not refused', { cause: error });
  return error;
};

export function webhookEndpoints(use: () => Stage): void {
  describe('a webhook endpoint', () => {
    /** Of a project of its own. */
    const connect = async (project: string) => new OpenAI({ baseURL: use().server.baseUrl, apiKey: await use().server.createKey(project), maxRetries: 0 });
    let client: OpenAI;
    beforeEach(async () => {
      client ??= await connect('proj_hooks');
    });

    test('is made with a secret that is shown this once', async () => {
      const made = await client.webhooks.create(params());
      expect(made).toEqual({
        id: expect.stringMatching(/^whe_[0-9A-Za-z]{24}$/),
        object: 'webhook_endpoint',
        created_at: expect.any(Number),
        updated_at: made.created_at,
        name: 'Mine',
        url: 'https://hooks.example.com/in',
        event_types: ['thread.created', 'thread.run.completed'],
        signing_secret: expect.stringMatching(/^whsec_[0-9A-Za-z+/]{43}=$/),
        signing_secret_hint: `whsec_…${made.signing_secret.slice(-4)}`,
      });
      const { signing_secret: _, ...shown } = made;
      expect(await client.webhooks.retrieve(made.id)).toEqual(shown);
      const listed = await Array.fromAsync(client.webhooks.list());
      expect(listed.find(({ id }) => id === made.id)).toEqual(shown);
    });

    test('is changed field by field', async () => {
      const { id, created_at } = await client.webhooks.create(params());
      const renamed = await client.webhooks.update(id, { name: 'Other' });
      expect(renamed).toMatchObject({ id, name: 'Other', url: 'https://hooks.example.com/in', event_types: ['thread.created', 'thread.run.completed'], created_at });
      expect(await client.webhooks.update(id, { url: 'https://other.example.com/', event_types: types('thread.deleted') })).toMatchObject({ name: 'Other', url: 'https://other.example.com/', event_types: ['thread.deleted'] });
      expect(await client.webhooks.update(id, {})).toMatchObject({ name: 'Other', url: 'https://other.example.com/' });
    });

    test('is deleted, and then unknown', async () => {
      const { id } = await client.webhooks.create(params());
      expect(await client.webhooks.delete(id)).toEqual({ id, object: 'webhook_endpoint.deleted', deleted: true });
      const error = await failure(client.webhooks.retrieve(id));
      expect([error.status, error.message]).toEqual([404, `404 No webhook endpoint found with id '${id}'.`]);
      expect((await failure(client.webhooks.delete(id))).status).toBe(404);
    });

    test('gets a new secret', async () => {
      const { id, signing_secret } = await client.webhooks.create(params());
      const rotated = await client.webhooks.rotateSecret(id, { keep_old_secret_active_for_24_hours: true });
      expect(rotated.id).toBe(id);
      expect(rotated.signing_secret).not.toBe(signing_secret);
      expect((await client.webhooks.rotateSecret(id)).signing_secret).not.toBe(rotated.signing_secret);
      expect(await client.webhooks.retrieve(id)).not.toHaveProperty('signing_secret');
    });

    test('is of its project alone', async () => {
      const { id } = await client.webhooks.create(params());
      const other = await connect('proj_other');
      for (const call of [other.webhooks.retrieve(id), other.webhooks.update(id, { name: 'x' }), other.webhooks.rotateSecret(id), other.webhooks.delete(id), other.webhooks.test(id, { event_type: types('thread.created')[0] ?? 'batch.completed' })]) {
        expect((await failure(call)).status).toBe(404);
      }
      expect((await other.webhooks.list()).data).toEqual([]);
    });

    test.each([
      ['url', { url: 'http://example.com/' }],
      ['url', { url: 'https://169.254.169.254/latest/meta-data' }],
      ['url', { url: 'https://[::ffff:10.0.0.1]/' }],
      ['url', { url: 'ftp://example.com/' }],
      ['url', { url: 'nonsense' }],
      ['url', { url: undefined }],
      ['name', { name: '' }],
      ['event_types', { event_types: [] }],
      ['event_types[0]', { event_types: ['batch.completed'] }],
      ['secret', { secret: 'mine' }],
    ])('is refused for its %s: %j', async (param, change) => {
      const error = await failure(client.webhooks.create(params(change)));
      expect([error.status, error.param]).toEqual([400, param]);
    });

    test('may not be moved inside later', async () => {
      const { id } = await client.webhooks.create(params());
      expect((await failure(client.webhooks.update(id, { url: 'https://10.0.0.1/' }))).param).toBe('url');
      expect((await client.webhooks.retrieve(id)).url).toBe('https://hooks.example.com/in');
    });

    test('is listed page by page', async () => {
      const paged = await connect('proj_paged');
      const made: string[] = [];
      for (let n = 0; n < 5; n++) made.push((await paged.webhooks.create(params({ name: String(n) }))).id);
      const listed = await Array.fromAsync(paged.webhooks.list({ limit: 2 }));
      expect(listed.map(({ id }) => id)).toEqual(made.toReversed());
    });

    test('is one of fifty at most', async () => {
      const many = await connect('proj_many');
      for (let n = 0; n < 50; n++) await many.webhooks.create(params());
      expect((await failure(many.webhooks.create(params()))).code).toBe('too_many_webhook_endpoints');
    });

    test('may be told of these events', async () => {
      expect(await client.webhooks.eventTypes.list()).toEqual({ object: 'list', data: [...EVENT_TYPES] });
      expect(EVENT_TYPES).toContain('thread.run.requires_action');
    });
  });
}
