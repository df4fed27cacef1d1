/** From what happened to what is sent: one delivery, and the job that sends it, for each endpoint that wants to know. */
import { type Delivery, newDelivery } from '../domain/delivery.ts';
import { MOST_WEBHOOK_ENDPOINTS, type WebhookEndpoint } from '../domain/webhook-endpoint.ts';
import { ConflictError, type Scheduled, TimersFullError, create } from '../ports/commit.ts';
import type { Thread } from '../domain/thread.ts';
import type { FeedEvent } from '../ports/feed.ts';
import type { World } from '../ports/world.ts';
import { armWarning } from './arm-warning.ts';
import { type Happening, happeningOf } from './webhook-events.ts';

type Parts = Pick<World, 'store' | 'commit' | 'clock'>;
type LoggingParts = Parts & Pick<World, 'log'>;

/** May be told the same again: each delivery has the id that follows from its event, and is made once. */
export async function tellWebhooks(world: LoggingParts, told: FeedEvent): Promise<void> {
  const happening = happeningOf(told);
  if (!happening) return;
  const endpoints = await endpointsOf(world, happening.projectId);
  if (endpoints.length === 0) return;
  await tellTo(world, endpoints, happening);
  if (told.kind === 'thread' && told.type === 'created') await warnLater(world, told.record);
}

/** A thread that there is no timer left for goes unwarned: what else happens is told all the same. */
async function warnLater(world: LoggingParts, thread: Thread): Promise<void> {
  try {
    await armWarning(world, thread);
  } catch (error) {
    if (!(error instanceof TimersFullError)) throw error;
    world.log.error('warning_not_set', { threadId: thread.id, error });
  }
}

/** For what no change of a record tells. */
export const tellHappening = async (world: Parts, happening: Happening): Promise<void> => tellTo(world, await endpointsOf(world, happening.projectId), happening);

async function endpointsOf({ store }: Parts, projectId: string): Promise<WebhookEndpoint[]> {
  return (await store.page('webhook_endpoint', [projectId], { order: 'asc', limit: MOST_WEBHOOK_ENDPOINTS })).items;
}

async function tellTo(world: Parts, endpoints: readonly WebhookEndpoint[], { threadId, event }: Happening): Promise<void> {
  const wanting = endpoints.filter(({ eventTypes }) => eventTypes.includes(event.type));
  await Promise.all(wanting.map((endpoint) => deliverOnce(world, newDelivery(event, endpoint, threadId, world.clock.nowMs()))));
}

/** One commit for each endpoint: what one already has, another may still lack. */
async function deliverOnce(world: Parts, delivery: Delivery): Promise<void> {
  try {
    await world.commit({ name: 'tell-webhook', writes: [create('delivery', delivery)], jobs: [sendJob(delivery, delivery.createdAtMs)] });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** Given the delivery as it will be stored. In a lane of the endpoint's own: one that is slow holds up no other. */
export const sendJob = ({ id, projectId, endpointId, rev }: Delivery, dueMs: number): Scheduled => ({
  name: `webhook:${endpointId}:${id}`,
  job: { type: 'send-delivery', projectId, endpointId, deliveryId: id, ofRev: rev },
  dueMs,
});
