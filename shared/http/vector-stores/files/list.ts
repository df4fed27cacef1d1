import { findVectorStore } from '../../../actions/find.ts';
import { toWireList } from '../../../wire/list.ts';
import { VectorStoreFilePage, toPageQuery } from '../../../wire/requests/page.ts';
import { toWireVectorStoreFile } from '../../../wire/vector-store-file.ts';
import { endpoint } from '../../endpoint.ts';

/** In the order of the files' own ids. */
export const listVectorStoreFiles = endpoint({
  query: VectorStoreFilePage,
  async handle({ world, projectId, id, query }) {
    const storeId = id('vector_store_id');
    const [page] = await Promise.all([
      world.store.page('vector_store_file', [projectId, storeId], { ...toPageQuery(query), where: { status: query.filter } }),
      findVectorStore(world, projectId, storeId),
    ]);
    return toWireList(page, toWireVectorStoreFile);
  },
});
