import { findVectorStore, findVectorStoreFile } from '../../../actions/find.ts';
import { demandUsable } from '../../../actions/vector-stores/usable.ts';
import { readTexts } from '../../../tools/read-texts.ts';
import { FileContentPage } from '../../../wire/requests/vector-stores.ts';
import { endpoint } from '../../endpoint.ts';

/** The text of a file as it was read, each piece once. What one answer cannot hold follows with `?page=` of `next_page`. */
export const retrieveVectorStoreFileContent = endpoint({
  query: FileContentPage,
  async handle({ world, projectId, id, query }) {
    const storeId = id('vector_store_id');
    const [store, file] = await Promise.all([findVectorStore(world, projectId, storeId), findVectorStoreFile(world, projectId, storeId, id('file_id'))]);
    demandUsable(world, store);
    const { texts, nextSeq } = await readTexts(world, file, query.page ?? 0);
    return {
      object: 'vector_store.file_content.page',
      data: texts.map((text) => ({ type: 'text', text })),
      has_more: nextSeq !== undefined,
      next_page: nextSeq === undefined ? null : String(nextSeq),
    };
  },
});
