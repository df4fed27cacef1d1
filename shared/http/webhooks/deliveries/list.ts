import { findWebhookEndpoint } from '../../../actions/find.ts';
import { toWireList } from '../../../wire/list.ts';
import { pageOf, toPageQuery } from '../../../wire/requests/page.ts';
import { toWireDelivery } from '../../../wire/webhook.ts';
import { endpoint } from '../../endpoint.ts';

/** Threadkeep's own: what was sent to an endpoint, or is still to be, and what came of it. */
export const listDeliveries = endpoint({
  query: pageOf('delivery'),
  async handle({ world, projectId, id, query }) {
    const { id: endpointId } = await findWebhookEndpoint(world, projectId, id('webhook_endpoint_id'));
    return toWireList(await world.store.page('delivery', [projectId, endpointId], toPageQuery(query)), toWireDelivery);
  },
});
