import { findThread } from '../../../actions/find.ts';
import { toWireList } from '../../../wire/list.ts';
import { toWireMessage } from '../../../wire/message.ts';
import { MessagePage, toPageQuery } from '../../../wire/requests/page.ts';
import { endpoint } from '../../endpoint.ts';

export const listMessages = endpoint({
  query: MessagePage,
  async handle({ world, projectId, id, query }) {
    const threadId = id('thread_id');
    const where = { runId: query.run_id };
    const [page] = await Promise.all([
      world.store.page('message', [projectId, threadId], { ...toPageQuery(query), where }),
      findThread(world, projectId, threadId),
    ]);
    return toWireList(page, toWireMessage);
  },
});
