import { type Delivery, replayed } from '../domain/delivery.ts';
import { retryOnConflict, update } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { findDelivery } from './find.ts';
import { sendJob } from './tell-webhooks.ts';

/** Has a delivery sent once more, at once, whatever came of it before. The event's id stays, so its receiver can know it again. */
export function replayDelivery(world: World, projectId: string, endpointId: string, id: string): Promise<Delivery> {
  return retryOnConflict(async () => {
    const nowMs = world.clock.nowMs();
    const before = await findDelivery(world, projectId, endpointId, id);
    const write = update('delivery', before, replayed(before, nowMs));
    await world.commit({ name: 'replay-delivery', writes: [write], jobs: [sendJob(write.record, nowMs)] });
    return write.record;
  });
}
