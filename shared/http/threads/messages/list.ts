import { findThread, sortIdOf } from '../../../actions/find.ts';
import type { PageQuery } from '../../../ports/store.ts';
import { toWireList } from '../../../wire/list.ts';
import { toWireMessage } from '../../../wire/message.ts';
import { MessagePage, toPageQuery } from '../../../wire/requests/page.ts';
import { endpoint } from '../../endpoint.ts';

export const listMessages = endpoint({
  query: MessagePage,
  async handle({ world, projectId, id, query }) {
    const threadId = id('thread_id');
    const where = { runId: query.run_id };
    const read = (page: PageQuery) => world.store.page('message', [projectId, threadId], { ...page, where });
    const [page, thread] = await Promise.all([read(toPageQuery(query)), findThread(world, projectId, threadId)]);
    const { after, before } = query;
    if (!thread.hasImportedIds || (after === undefined && before === undefined)) return toWireList(page, toWireMessage);
    const place = async (cursor: string | undefined) => cursor && ((await sortIdOf(world, thread, cursor)) ?? cursor);
    const [behind, ahead] = await Promise.all([place(after), place(before)]);
    return toWireList(await read({ ...toPageQuery(query), after: behind, before: ahead }), toWireMessage);
  },
});
