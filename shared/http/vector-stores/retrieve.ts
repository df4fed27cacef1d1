import { findVectorStore } from '../../actions/find.ts';
import { toWireVectorStore } from '../../wire/vector-store.ts';
import { endpoint } from '../endpoint.ts';

export const retrieveVectorStore = endpoint({
  handle: async ({ world, projectId, id }) => toWireVectorStore(await findVectorStore(world, projectId, id('vector_store_id')), world.clock.nowMs()),
});
