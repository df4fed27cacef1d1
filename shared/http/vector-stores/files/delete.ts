import { findVectorStore } from '../../../actions/find.ts';
import { detachFile } from '../../../actions/vector-stores/detach-file.ts';
import { endpoint } from '../../endpoint.ts';

/** The file itself is kept. */
export const deleteVectorStoreFile = endpoint({
  async handle({ world, projectId, id }) {
    const [vectorStoreId, fileId] = [id('vector_store_id'), id('file_id')];
    await findVectorStore(world, projectId, vectorStoreId);
    await detachFile(world, { projectId, vectorStoreId, fileId });
    return { id: fileId, object: 'vector_store.file.deleted', deleted: true };
  },
});
