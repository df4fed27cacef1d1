import { toWireList } from '../../wire/list.ts';
import { pageOf, toPageQuery } from '../../wire/requests/page.ts';
import { toWireVectorStore } from '../../wire/vector-store.ts';
import { endpoint } from '../endpoint.ts';

export const listVectorStores = endpoint({
  query: pageOf('vector_store'),
  handle: async ({ world, projectId, query }) =>
    toWireList(await world.store.page('vector_store', [projectId], toPageQuery(query)), (store) => toWireVectorStore(store, world.clock.nowMs())),
});
