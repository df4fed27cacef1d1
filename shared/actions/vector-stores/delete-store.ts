import { remove, retryOnConflict } from '../../ports/commit.ts';
import { inTurn } from '../../ports/in-turn.ts';
import type { World } from '../../ports/world.ts';
import { findVectorStore } from '../find.ts';
import { dropJob } from './jobs.ts';

/** Removes the store's own record: from then on nothing in it can be read, searched or changed. A job takes the rest away. */
export function deleteStore(world: World, projectId: string, storeId: string): Promise<void> {
  const attempt = async () => {
    const store = await findVectorStore(world, projectId, storeId);
    await world.commit({ name: 'delete-vector-store', writes: [remove('vector_store', store)], jobs: [dropJob(store, world.clock.nowMs())] });
  };
  return inTurn(`vector store ${storeId}`, () => retryOnConflict(attempt));
}
