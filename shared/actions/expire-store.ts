import { isStoreExpired } from '../domain/vector-store.ts';
import { retryOnConflict, update } from '../ports/commit.ts';
import type { Job, Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { dropJob, expiryTimers } from './vector-stores/jobs.ts';

const DONE: Outcome = { done: true };
const MINUTE_MS = 60_000;

/** A timer's: has the index of a vector store dropped whose time has come; looks again later at one that was used meanwhile. */
export function expireStore(world: World, { projectId, vectorStoreId }: Extract<Job, { type: 'expire-store' }>): Promise<Outcome> {
  return retryOnConflict(async () => {
    const store = await world.store.get(keys.vectorStore(projectId, vectorStoreId));
    const nowMs = world.clock.nowMs();
    if (!store || store.isDropped === true) return DONE;
    if (isStoreExpired(store, nowMs)) {
      await world.commit({ name: 'expire-vector-store', writes: [update('vector_store', store, { ...store, isDropped: true })], jobs: [dropJob(store, nowMs)] });
      return DONE;
    }
    const [timer] = expiryTimers(store, nowMs);
    if (!timer) return DONE;
    // Early by no more than clocks differ: on AWS a timer of the same name would not start again.
    if (timer.dueMs - nowMs < MINUTE_MS) return { done: false, againInMs: timer.dueMs - nowMs };
    await world.commit({ name: 'set-store-timer', writes: [], timers: [timer] });
    return DONE;
  });
}
