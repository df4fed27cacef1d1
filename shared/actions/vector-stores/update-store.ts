import { type VectorStore, isStoreExpired } from '../../domain/vector-store.ts';
import { retryOnConflict, update } from '../../ports/commit.ts';
import { inTurn } from '../../ports/in-turn.ts';
import type { World } from '../../ports/world.ts';
import { findVectorStore } from '../find.ts';
import { dropJob, expiryTimers } from './jobs.ts';

/** Changes what a store says of itself. One whose time has come stays expired, however long it is given now. */
export function updateStore(world: World, projectId: string, storeId: string, change: (before: VectorStore) => VectorStore): Promise<VectorStore> {
  const attempt = async () => {
    const before = await findVectorStore(world, projectId, storeId);
    const nowMs = world.clock.nowMs();
    const isExpired = isStoreExpired(before, nowMs);
    const write = update('vector_store', before, { ...change(before), ...(isExpired ? { isDropped: true } : { lastActiveAtMs: nowMs }) });
    const isDue = isExpired && before.isDropped !== true;
    await world.commit({
      name: 'update-vector-store',
      writes: [write],
      jobs: isDue ? [dropJob(write.record, nowMs)] : [],
      timers: isExpired || write.record.expiresAfterDays === before.expiresAfterDays ? [] : expiryTimers(write.record, nowMs),
    });
    return write.record;
  };
  return inTurn(`vector store ${storeId}`, () => retryOnConflict(attempt));
}
