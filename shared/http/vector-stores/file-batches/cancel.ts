import { cancelBatch } from '../../../actions/vector-stores/cancel-batch.ts';
import { toWireFileBatch } from '../../../wire/file-batch.ts';
import { endpoint } from '../../endpoint.ts';

/** What is in the index already stays there. */
export const cancelFileBatch = endpoint({
  handle: async ({ world, projectId, id }) => toWireFileBatch(await cancelBatch(world, projectId, id('vector_store_id'), id('batch_id'))),
});
