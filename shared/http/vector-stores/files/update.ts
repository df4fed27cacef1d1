import { findVectorStore } from '../../../actions/find.ts';
import { updateAttributes } from '../../../actions/vector-stores/update-attributes.ts';
import { ModifyVectorStoreFile } from '../../../wire/requests/vector-stores.ts';
import { toWireVectorStoreFile } from '../../../wire/vector-store-file.ts';
import { endpoint } from '../../endpoint.ts';

/** `attributes` are replaced whole. */
export const updateVectorStoreFile = endpoint({
  body: ModifyVectorStoreFile,
  async handle({ world, projectId, id, body }) {
    const vectorStoreId = id('vector_store_id');
    await findVectorStore(world, projectId, vectorStoreId);
    return toWireVectorStoreFile(await updateAttributes(world, { projectId, vectorStoreId, fileId: id('file_id') }, body.attributes ?? {}));
  },
});
