import { deleteWebhookEndpoint as remove } from '../../actions/webhook-endpoints.ts';
import { endpoint } from '../endpoint.ts';

export const deleteWebhookEndpoint = endpoint({
  async handle({ world, projectId, id }) {
    await remove(world, projectId, id('webhook_endpoint_id'));
    return { id: id('webhook_endpoint_id'), object: 'webhook_endpoint.deleted', deleted: true };
  },
});
