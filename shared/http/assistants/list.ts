import { toWireAssistant } from '../../wire/assistant.ts';
import { toWireList } from '../../wire/list.ts';
import { pageOf, toPageQuery } from '../../wire/requests/page.ts';
import { endpoint } from '../endpoint.ts';

export const listAssistants = endpoint({
  query: pageOf('assistant'),
  handle: async ({ world, projectId, query }) => toWireList(await world.store.page('assistant', [projectId], toPageQuery(query)), toWireAssistant),
});
