import { toWireFile } from '../../wire/file.ts';
import { toWireList } from '../../wire/list.ts';
import { FilePage } from '../../wire/requests/files.ts';
import { endpoint } from '../endpoint.ts';

export const listFiles = endpoint({
  query: FilePage,
  handle: async ({ world, projectId, query: { limit, order, after, purpose } }) =>
    toWireList(await world.store.page('file', [projectId], { limit, order, after, where: purpose === undefined ? undefined : { purpose } }), toWireFile),
});
