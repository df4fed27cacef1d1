import { toWireList } from '../../wire/list.ts';
import { pageOf, toPageQuery } from '../../wire/requests/page.ts';
import { toWireWebhookEndpoint } from '../../wire/webhook.ts';
import { endpoint } from '../endpoint.ts';

export const listWebhookEndpoints = endpoint({
  query: pageOf('webhook_endpoint'),
  handle: async ({ world, projectId, query }) => toWireList(await world.store.page('webhook_endpoint', [projectId], toPageQuery(query)), toWireWebhookEndpoint),
});
