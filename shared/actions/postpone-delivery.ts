import { afterAttempt } from '../domain/delivery.ts';
import { ConflictError, update } from '../ports/commit.ts';
import type { Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { SendJob, SendingWorld } from './send-delivery.ts';
import { sendJob } from './tell-webhooks.ts';

const DONE: Outcome = { done: true };
const AGAIN_NOW: Outcome = { done: false, againInMs: 0 };

/**
 * A delivery that whoever came to send it could not, by no fault of its endpoint: counts as a try, so that it is tried again later like any other,
 * and given up at the end of its time. `random`: in [0, 1), spreads the retries.
 */
export async function postponeDelivery(world: Omit<SendingWorld, 'outbound'>, { projectId, endpointId, deliveryId }: SendJob, random: () => number = Math.random): Promise<Outcome> {
  const delivery = await world.store.get(keys.delivery(projectId, endpointId, deliveryId));
  if (delivery?.status !== 'pending') return DONE;
  const nowMs = world.clock.nowMs();
  const after = afterAttempt(delivery, { atMs: nowMs, durationMs: 0, error: 'This server failed before it could tell how it went.' }, nowMs, random());
  const write = update('delivery', delivery, after);
  try {
    await world.commit({ name: 'postpone-delivery', writes: [write], jobs: after.status === 'pending' ? [sendJob(write.record, after.nextAttemptAtMs)] : [] });
  } catch (error) {
    if (error instanceof ConflictError) return AGAIN_NOW;
    throw error;
  }
  if (after.status === 'failed') world.log.error('delivery_given_up', { endpointId, deliveryId, attempts: after.attemptCount });
  return DONE;
}
