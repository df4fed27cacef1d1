import { findVectorStore } from '../../actions/find.ts';
import { demandUsable, touchStore } from '../../actions/vector-stores/usable.ts';
import { rewriteQuery } from '../../tools/rewrite-query.ts';
import { searchStores } from '../../tools/search-stores.ts';
import { SearchVectorStore } from '../../wire/requests/vector-stores.ts';
import { toWireSearchResults } from '../../wire/search-results.ts';
import { endpoint } from '../endpoint.ts';

const DEFAULT_RESULTS = 10;

export const searchVectorStore = endpoint({
  body: SearchVectorStore,
  async handle({ world, projectId, id, body, request }) {
    const store = await findVectorStore(world, projectId, id('vector_store_id'));
    demandUsable(world, store);
    const asked = [body.query].flat();
    const queries = body.rewrite_query === true ? asked.map(rewriteQuery) : asked;
    const search = {
      projectId,
      storeIds: [store.id],
      queries,
      limit: body.max_num_results ?? DEFAULT_RESULTS,
      scoreThreshold: body.ranking_options?.score_threshold,
      filter: body.filters,
      signal: request.signal,
    };
    const [found] = await Promise.all([searchStores(world, search), touchStore(world, store)]);
    return toWireSearchResults(queries, found);
  },
});
