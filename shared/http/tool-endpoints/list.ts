import { toWireList } from '../../wire/list.ts';
import { ToolEndpointPage, toPageQuery } from '../../wire/requests/page.ts';
import { toWireToolEndpoint } from '../../wire/tool-endpoint.ts';
import { endpoint } from '../endpoint.ts';

export const listToolEndpoints = endpoint({
  query: ToolEndpointPage,
  handle: async ({ world, projectId, query }) => toWireList(await world.store.page('tool_endpoint', [projectId], toPageQuery(query)), toWireToolEndpoint),
});
