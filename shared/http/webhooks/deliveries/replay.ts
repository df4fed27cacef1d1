import { replayDelivery as replay } from '../../../actions/replay-delivery.ts';
import { toWireDelivery } from '../../../wire/webhook.ts';
import { endpoint } from '../../endpoint.ts';

/** Threadkeep's own: sends an event once more, whatever came of it before, with retries as for a new one. */
export const replayDelivery = endpoint({
  handle: async ({ world, projectId, id }) => toWireDelivery(await replay(world, projectId, id('webhook_endpoint_id'), id('delivery_id'))),
});
