/** One try to deliver an event. What came of it is written down before the job is done with, so that a crash sends twice rather than never. */
import { type Delivery, type DeliveryAttempt, type DeliveryOf, afterAttempt } from '../domain/delivery.ts';
import { earliestId } from '../domain/ids.ts';
import { type WebhookEndpoint, activeSecrets } from '../domain/webhook-endpoint.ts';
import { ConflictError, remove, update } from '../ports/commit.ts';
import { UnreachableError, UnsafeUrlError } from '../ports/outbound.ts';
import { type Job, MAX_ATTEMPTS, type Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { webhookRequest } from './webhook-request.ts';

export type SendJob = Extract<Job, { type: 'send-delivery' }>;
/** All that sending needs of the world: neither a model nor threads. */
export type SendingWorld = Pick<World, 'store' | 'commit' | 'clock' | 'log' | 'outbound'>;

const DONE: Outcome = { done: true };
const AGAIN_NOW: Outcome = { done: false, againInMs: 0 };

/** `random`: in [0, 1), spreads the retries. */
export async function sendDelivery(world: SendingWorld, { projectId, endpointId, deliveryId, ofRev = 0 }: SendJob, attempt: number, random: () => number = Math.random): Promise<Outcome> {
  const [delivery, endpoint] = await Promise.all([
    world.store.get(keys.delivery(projectId, endpointId, deliveryId)),
    world.store.get(keys.webhookEndpoint(projectId, endpointId)),
  ]);
  if (!delivery || delivery.rev < ofRev) return awaitCommit(attempt);
  if (delivery.status !== 'pending') return DONE;
  if (!endpoint) return drop(world, delivery);
  const nowMs = world.clock.nowMs();
  if (delivery.nextAttemptAtMs > nowMs) return { done: false, againInMs: delivery.nextAttemptAtMs - nowMs };
  if (await mustWait(world, delivery, nowMs)) return { done: false, againInMs: lookAgainIn(nowMs - delivery.createdAtMs) };
  return writeDown(world, delivery, await attemptAt(world, endpoint, delivery, nowMs), random());
}

/** A job may come before the commit that sent it, or be of one that failed: it is looked for for half a minute. */
const awaitCommit = (attempt: number): Outcome => (attempt >= MAX_ATTEMPTS ? DONE : { done: false, failed: true, againInMs: 1000 * 2 ** attempt });

/** Nobody is there to be told any more. */
async function drop(world: SendingWorld, delivery: Delivery): Promise<Outcome> {
  try {
    await world.commit({ name: 'drop-delivery', writes: [remove('delivery', delivery)] });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  return DONE;
}

/** Ever more rarely. */
const lookAgainIn = (ageMs: number): number => Math.min(Math.max(Math.round(ageMs / 2), 50), 1000);
/** Longer than one try takes. */
const LONGEST_WAIT_MS = 15_000;
/** Earlier deliveries that are looked at: an endpoint that is sent hundreds of events a second gets those of one thread nearly in order. */
const LOOKED_AT = 50;

/**
 * Events of one thread go to an endpoint in their order as far as each is tried once before the next one. One that is being retried
 * holds up nothing, and nothing waits for long.
 */
async function mustWait(world: SendingWorld, delivery: DeliveryOf<'pending'>, nowMs: number): Promise<boolean> {
  const { projectId, endpointId, threadId, attemptCount, createdAtMs, event } = delivery;
  // Nothing comes before a thread.
  if (threadId === undefined || event.type === 'thread.created' || attemptCount > 0 || nowMs - createdAtMs >= LONGEST_WAIT_MS) return false;
  const before = earliestId('delivery', event.createdAtMs + 1);
  const { items } = await world.store.page('delivery', [projectId, endpointId], { order: 'desc', limit: LOOKED_AT, after: before });
  return items.some((other) => other.threadId === threadId && other.status === 'pending' && other.attemptCount === 0 && nowMs - other.createdAtMs < LONGEST_WAIT_MS && isEarlier(other, delivery));
}

/** Of what happened in the same millisecond, as in one commit, in the order in which a stream tells it. */
const RANKS = [/^thread\.created$/, /\.run\.queued$/, /\.run\.in_progress$/, /\.message\./, /\.run\.requires_action$/, /\.run\.cancelling$/, /\.run\./];
const rankOf = ({ event }: Delivery): number => RANKS.findIndex((pattern) => pattern.test(event.type)) + 1 || RANKS.length + 1;

function isEarlier(one: Delivery, other: Delivery): boolean {
  const [a, b] = [one, other].map((delivery) => [delivery.event.createdAtMs, rankOf(delivery), delivery.createdAtMs] as const);
  const at = a?.findIndex((part, n) => part !== b?.[n]) ?? -1;
  return at === -1 ? one.id < other.id : (a?.[at] ?? 0) < (b?.[at] ?? 0);
}

async function attemptAt(world: SendingWorld, endpoint: WebhookEndpoint, { event }: Delivery, nowMs: number): Promise<DeliveryAttempt> {
  try {
    const { status } = await world.outbound.post(webhookRequest(endpoint.url, event, activeSecrets(endpoint, nowMs), nowMs));
    return { atMs: nowMs, durationMs: world.clock.nowMs() - nowMs, status };
  } catch (error) {
    if (!(error instanceof UnreachableError || error instanceof UnsafeUrlError)) throw error;
    return { atMs: nowMs, durationMs: world.clock.nowMs() - nowMs, error: error.message };
  }
}

async function writeDown(world: SendingWorld, delivery: Delivery, attempt: DeliveryAttempt, random: number): Promise<Outcome> {
  const nowMs = world.clock.nowMs();
  const after = afterAttempt(delivery, attempt, nowMs, random);
  try {
    await world.commit({ name: 'record-attempt', writes: [update('delivery', delivery, after)] });
  } catch (error) {
    // Replayed, or sent by another process meanwhile: it is that one's to say when it is tried again.
    if (error instanceof ConflictError) return AGAIN_NOW;
    throw error;
  }
  if (after.status === 'failed') world.log.error('delivery_given_up', { endpointId: after.endpointId, deliveryId: after.id, attempts: after.attemptCount });
  return after.status === 'pending' ? { done: false, againInMs: after.nextAttemptAtMs - nowMs } : DONE;
}
