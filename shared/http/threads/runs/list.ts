import { findThread } from '../../../actions/find.ts';
import { toWireList } from '../../../wire/list.ts';
import { pageOf, toPageQuery } from '../../../wire/requests/page.ts';
import { endpoint } from '../../endpoint.ts';
import { viewRun } from './view-run.ts';

export const listRuns = endpoint({
  query: pageOf('run'),
  async handle({ world, projectId, id, query }) {
    const threadId = id('thread_id');
    const [page] = await Promise.all([
      world.store.page('run', [projectId, threadId], toPageQuery(query)),
      findThread(world, projectId, threadId),
    ]);
    const items = await Promise.all(page.items.map((run) => viewRun(world, run)));
    return toWireList({ items, hasMore: page.hasMore }, (run) => run);
  },
});
