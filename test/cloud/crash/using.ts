/** Webhooks and histories, used in every way that asks for a permission. */
import { expect } from '@jest/globals';
import type { WireExport } from '../../../shared/wire/export.ts';
import { logOf } from '../../e2e/webhook-calls.ts';
import { WebhookReceiver } from '../../support/webhook-receiver.ts';
import { itemsOf } from './cloud-ledger.ts';
import type { Scene } from './outlives.ts';

const DAY_MS = 86_400_000;
/** Too large for the table. */
const LARGE = 'ü'.repeat(200_000);
/** More than one part of a file. */
const LONG = 'Ω'.repeat(255_000);
const MANY = 18;

/** Told of, tried again, waited for, given up for lost, warned of. */
export async function useWebhooks({ client, server, saboteur }: Scene): Promise<void> {
  saboteur.watch();
  const { client: openai } = client;
  await using receiver = await WebhookReceiver.start(server.wayOut);
  const types = ['thread.created', 'thread.expiring', 'thread.expired', 'thread.deleted', 'thread.export.completed'];
  const endpoint = await openai.webhooks.create({ name: 'mine', url: receiver.url, event_types: types as never });
  const until = (what: string, holds: (types: string[]) => boolean) => client.eventually(what, async () => (holds(receiver.types) ? true : undefined));
  receiver.answer = () => (receiver.received.length < 2 ? 500 : 200);
  await openai.post('/project', { body: { expiring_days: 1 } });
  const thread = await openai.beta.threads.create();
  await openai.beta.threads.delete(thread.id);
  await until('the first is tried', (told) => told.length > 0);
  await client.pass(30_000);
  await until('the second is told', (told) => told.includes('thread.deleted'));
  const used = await openai.post<{ id: string }>('/threads', { body: { retention: { days: 2 } } });
  await openai.post(`/threads/${used.id}/touch`);
  await until('that is told', (told) => told.filter((type) => type === 'thread.created').length > 1);
  await client.pass(DAY_MS + 4000, DAY_MS + 4000);
  await client.pass(8000);
  await until('its end is near', (told) => told.includes('thread.expiring'));
  const [delivery] = await logOf({ client: openai, endpoint });
  await openai.post(`/webhook_endpoints/${endpoint.id}/deliveries/${delivery?.id}/replay`);
  await openai.webhooks.update(endpoint.id, { name: 'ours' });
  await openai.webhooks.rotateSecret(endpoint.id);
  receiver.answer = () => 500;
  await openai.beta.threads.create();
  await until('it is not taken', (told) => told.at(-1) === 'thread.created');
  await openai.webhooks.delete(endpoint.id);
  await client.pass(30_000);
}

/** Of a thread, of a project, of what expires; in one piece and in parts, and deleted in the middle of them. */
export async function useHistories({ client, server, saboteur }: Scene): Promise<void> {
  const { client: openai } = client;
  const begin = (path: string) => openai.post<WireExport>(path);
  const end = ({ id }: WireExport) =>
    client.eventually('it has ended', async () => {
      const now = await openai.get<WireExport>(`/exports/${id}`);
      return now.completed_at !== null || now.failed_at !== null ? now : undefined;
    });
  const content = async ({ id }: WireExport) => (await fetch(`${server.baseUrl}/exports/${id}/content`, { headers: { authorization: `Bearer ${server.key}` } })).text();
  const { threads } = openai.beta;

  saboteur.watch();
  const dying = await openai.post<{ id: string }>('/threads', { body: { retention: { days: 1 }, export_on_expiry: true } });
  await threads.messages.create(dying.id, { role: 'user', content: LARGE });
  const ofProject = await end(await begin('/exports'));
  const file = await content(ofProject);
  await openai.get('/exports');
  await openai.delete(`/exports/${ofProject.id}`);
  await client.pass(DAY_MS + 4000, DAY_MS + 4000);
  await server.deployment.sweep();
  await client.eventually('it is gone', async () => ((await itemsOf(server.deployment, dying.id)).length === 0 ? true : undefined));
  const headers = { authorization: `Bearer ${server.key}`, 'content-type': 'application/x-ndjson' };
  expect((await fetch(`${server.baseUrl}/imports`, { method: 'POST', headers, body: file })).status).toBe(200);

  const { id } = await threads.create();
  for (let n = 0; n < MANY; n++) await threads.messages.create(id, { role: 'user', content: `${n} ${LONG}` });
  expect((await end(await begin(`/threads/${id}/exports`))).status).toBe('completed');
  for (const [takeBack, status] of [['export', 404], ['thread', 200]] as const) {
    saboteur.watch({ when: 'before', point: 'RunWorker UploadPart #2' });
    const cut = await begin(`/threads/${id}/exports`);
    await client.eventually('it is cut off', async () => (saboteur.deaths.length > 0 ? true : undefined));
    await (takeBack === 'export' ? openai.delete(`/exports/${cut.id}`) : threads.delete(id));
    await client.pass(120_000);
    expect((await fetch(`${server.baseUrl}/exports/${cut.id}`, { headers })).status).toBe(status);
  }
}
