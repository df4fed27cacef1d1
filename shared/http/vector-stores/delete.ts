import { deleteStore } from '../../actions/vector-stores/delete-store.ts';
import { endpoint } from '../endpoint.ts';

/** The files themselves are kept. */
export const deleteVectorStore = endpoint({
  async handle({ world, projectId, id }) {
    await deleteStore(world, projectId, id('vector_store_id'));
    return { id: id('vector_store_id'), object: 'vector_store.deleted', deleted: true };
  },
});
