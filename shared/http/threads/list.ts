import { toWireList } from '../../wire/list.ts';
import { ThreadPage, metadataFilter, toPageQuery } from '../../wire/requests/page.ts';
import { toWireThread } from '../../wire/thread.ts';
import { endpoint } from '../endpoint.ts';

/** Threadkeep's own: the hosted service never listed threads. */
export const listThreads = endpoint({
  query: ThreadPage,
  async handle({ world, projectId, query }) {
    const page = await world.store.page('thread', [projectId], { ...toPageQuery(query), where: { metadata: metadataFilter(query) } });
    return toWireList(page, toWireThread);
  },
});
