/** Where a project is told of events: made, changed, given new secrets and removed. */
import { InvalidRequestError } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import { MOST_WEBHOOK_ENDPOINTS, type WebhookEndpoint, newSigningSecret, rotated } from '../domain/webhook-endpoint.ts';
import { create, remove, retryOnConflict, update } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { warningsJob } from './arm-warnings.ts';
import { checkUrl } from './check-url.ts';
import { findWebhookEndpoint } from './find.ts';

type Settings = Pick<WebhookEndpoint, 'name' | 'url' | 'eventTypes'>;

/** InvalidRequestError for a URL that nothing may be sent to, and for one endpoint too many. */
export async function createWebhookEndpoint(world: World, projectId: string, { name, url, eventTypes }: Settings): Promise<WebhookEndpoint> {
  checkUrl(world, url);
  const { items } = await world.store.page('webhook_endpoint', [projectId], { order: 'asc', limit: MOST_WEBHOOK_ENDPOINTS });
  if (items.length >= MOST_WEBHOOK_ENDPOINTS) throw new InvalidRequestError(`A project can have at most ${MOST_WEBHOOK_ENDPOINTS} webhook endpoints.`, undefined, 'too_many_webhook_endpoints');
  const nowMs = world.clock.nowMs();
  const endpoint: WebhookEndpoint = { id: newId('webhook_endpoint', nowMs), projectId, rev: 0, createdAtMs: nowMs, name, url, eventTypes, secrets: [{ secret: newSigningSecret() }] };
  // Threads that were made before there was anybody to warn have no timers.
  const jobs = items.length === 0 ? [warningsJob(projectId, nowMs)] : [];
  await world.commit({ name: 'create-webhook-endpoint', writes: [create('webhook_endpoint', endpoint)], jobs });
  return endpoint;
}

/** What is absent stays; a change that changes nothing is none. */
export async function updateWebhookEndpoint(world: World, projectId: string, id: string, given: { [S in keyof Settings]?: Settings[S] | undefined }): Promise<WebhookEndpoint> {
  if (given.url !== undefined) checkUrl(world, given.url);
  return change(world, projectId, id, (before) => {
    const after = { ...before, name: given.name ?? before.name, url: given.url ?? before.url, eventTypes: given.eventTypes ?? before.eventTypes };
    return JSON.stringify(after) === JSON.stringify(before) ? before : { ...after, updatedAtMs: world.clock.nowMs() };
  });
}

/** A new secret, which is shown this once; with `keepsOld` deliveries carry the former one's signature too for a day. */
export function rotateWebhookSecret(world: World, projectId: string, id: string, keepsOld: boolean): Promise<WebhookEndpoint> {
  const secret = newSigningSecret();
  return change(world, projectId, id, (before) => rotated(before, secret, keepsOld, world.clock.nowMs()));
}

/** What is still to be sent to it is dropped by whoever comes to send it; its log goes with its time. */
export function deleteWebhookEndpoint(world: World, projectId: string, id: string): Promise<void> {
  return retryOnConflict(async () => {
    const endpoint = await findWebhookEndpoint(world, projectId, id);
    await world.commit({ name: 'delete-webhook-endpoint', writes: [remove('webhook_endpoint', endpoint)] });
  });
}

function change(world: World, projectId: string, id: string, how: (before: WebhookEndpoint) => WebhookEndpoint): Promise<WebhookEndpoint> {
  return retryOnConflict(async () => {
    const before = await findWebhookEndpoint(world, projectId, id);
    const after = how(before);
    if (after === before) return before;
    const write = update('webhook_endpoint', before, after);
    await world.commit({ name: 'update-webhook-endpoint', writes: [write] });
    return write.record;
  });
}
