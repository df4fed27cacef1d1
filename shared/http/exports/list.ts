import { toWireExport } from '../../wire/export.ts';
import { toWireList } from '../../wire/list.ts';
import { pageOf, toPageQuery } from '../../wire/requests/page.ts';
import { endpoint } from '../endpoint.ts';

export const listExports = endpoint({
  query: pageOf('export'),
  handle: async ({ world, projectId, query }) => toWireList(await world.store.page('export', [projectId], toPageQuery(query)), toWireExport),
});
