import { findFileBatch } from '../../../actions/find.ts';
import { toWireList } from '../../../wire/list.ts';
import { VectorStoreFilePage, toPageQuery } from '../../../wire/requests/page.ts';
import { toWireVectorStoreFile } from '../../../wire/vector-store-file.ts';
import { endpoint } from '../../endpoint.ts';

/** In the order of the files' own ids. */
export const listFileBatchFiles = endpoint({
  query: VectorStoreFilePage,
  async handle({ world, projectId, id, query }) {
    const [storeId, batchId] = [id('vector_store_id'), id('batch_id')];
    const [page] = await Promise.all([
      world.store.page('vector_store_file', [projectId, storeId], { ...toPageQuery(query), where: { status: query.filter, batchId } }),
      findFileBatch(world, projectId, storeId, batchId),
    ]);
    return toWireList(page, toWireVectorStoreFile);
  },
});
