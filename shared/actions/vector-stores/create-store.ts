import type { VectorStore } from '../../domain/vector-store.ts';
import type { World } from '../../ports/world.ts';
import { type NewStore, planStore } from './plan.ts';

/** Makes a vector store with these files in it. NotFoundError for a file that there is not. */
export async function createStore(world: World, projectId: string, fields: NewStore): Promise<VectorStore> {
  const { store, writes, jobs, timers } = await planStore(world, projectId, fields);
  if (!store.embedding) world.log.info('keyword_search_only', { vectorStoreId: store.id });
  await world.commit({ name: 'create-vector-store', writes, jobs, timers });
  return store;
}
