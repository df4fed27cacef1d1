import { isStoreExpired } from '../../domain/vector-store.ts';
import { ConflictError, remove } from '../../ports/commit.ts';
import { type Job, MAX_ATTEMPTS, type Outcome } from '../../ports/queue.ts';
import { keys } from '../../ports/store.ts';
import type { World } from '../../ports/world.ts';
import { awaitCommit } from '../await-commit.ts';
import { removal } from './change-file.ts';

const DONE: Outcome = { done: true };
/** Two deletions each; a commit takes a hundred. */
const AT_ONCE = 40;
/** An index that cannot be removed now is to be removed some day. */
const LATER_MS = 600_000;

/** Removes the index of a store that is gone or whose time has come, and of one that is gone also the records that hung under it. */
export async function dropStore(world: World, job: Extract<Job, { type: 'drop-store' }>, attempt: number, giveBack?: AbortSignal): Promise<Outcome> {
  const { projectId, vectorStoreId } = job;
  if (attempt > MAX_ATTEMPTS) return { done: false, againInMs: LATER_MS };
  const store = await world.store.get(keys.vectorStore(projectId, vectorStoreId));
  const nowMs = world.clock.nowMs();
  if (store && !isStoreExpired(store, nowMs)) return awaitCommit(nowMs - job.dueMs);
  await world.index.drop({ projectId, vectorStoreId });
  if (store) return DONE;
  if (!(await reapRecords(world, [projectId, vectorStoreId], giveBack))) return { done: false, againInMs: 0 };
  // Whoever was indexing a file has found it gone by now, or finds the store gone and drops the index itself.
  await world.index.drop({ projectId, vectorStoreId });
  world.log.info('store_dropped', { vectorStoreId });
  return DONE;
}

/** False when there is more to do, and somebody else is to do it. */
async function reapRecords(world: World, scope: [string, string], giveBack: AbortSignal | undefined): Promise<boolean> {
  for (const kind of ['vector_store_file', 'file_batch'] as const) {
    for (;;) {
      const { items } = await world.store.page(kind, scope, { order: 'asc', limit: AT_ONCE });
      if (items.length === 0) break;
      if (giveBack?.aborted) return false;
      const writes = await Promise.all(items.map(async (item) => ('indexId' in item ? removal(world, item) : [remove('file_batch', item)])));
      try {
        await world.commit({ name: 'reap-vector-store', writes: writes.flat() });
      } catch (error) {
        // A file that is deleted leaves its places at the same time; the next page shows what is left.
        if (!(error instanceof ConflictError)) throw error;
      }
    }
  }
  return true;
}
