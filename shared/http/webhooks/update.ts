import { updateWebhookEndpoint as update } from '../../actions/webhook-endpoints.ts';
import { UpdateWebhookEndpoint } from '../../wire/requests/webhooks.ts';
import { toWireWebhookEndpoint } from '../../wire/webhook.ts';
import { endpoint } from '../endpoint.ts';

export const updateWebhookEndpoint = endpoint({
  body: UpdateWebhookEndpoint,
  async handle({ world, projectId, id, body }) {
    const eventTypes = body.event_types && [...new Set(body.event_types)];
    return toWireWebhookEndpoint(await update(world, projectId, id('webhook_endpoint_id'), { name: body.name, url: body.url, eventTypes }));
  },
});
