import { InvalidRequestError } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import { activeSecrets } from '../domain/webhook-endpoint.ts';
import type { EventType } from '../domain/webhook-event.ts';
import { UnreachableError, UnsafeUrlError } from '../ports/outbound.ts';
import type { World } from '../ports/world.ts';
import { findWebhookEndpoint } from './find.ts';
import { webhookRequest } from './webhook-request.ts';

/** Sends a sample, signed like every event, and resolves to the HTTP status that came back. InvalidRequestError when none came. */
export async function testWebhookEndpoint(world: World, projectId: string, id: string, type: EventType): Promise<number> {
  const { url, ...endpoint } = await findWebhookEndpoint(world, projectId, id);
  const nowMs = world.clock.nowMs();
  const event = { id: newId('event', nowMs), type, createdAtMs: nowMs, data: { id: 'test' } };
  try {
    const { status } = await world.outbound.post(webhookRequest(url, event, activeSecrets(endpoint, nowMs), nowMs));
    return status;
  } catch (error) {
    if (error instanceof UnreachableError || error instanceof UnsafeUrlError) throw new InvalidRequestError(`The test event could not be delivered. ${error.message}`, undefined, 'webhook_test_failed');
    throw error;
  }
}
