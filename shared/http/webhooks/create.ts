import { createWebhookEndpoint as create } from '../../actions/webhook-endpoints.ts';
import { CreateWebhookEndpoint } from '../../wire/requests/webhooks.ts';
import { toWireWebhookEndpointWithSecret } from '../../wire/webhook.ts';
import { endpoint } from '../endpoint.ts';

export const createWebhookEndpoint = endpoint({
  body: CreateWebhookEndpoint,
  creates: 'webhook_endpoint',
  handle: async ({ world, projectId, body }) =>
    toWireWebhookEndpointWithSecret(await create(world, projectId, { name: body.name, url: body.url, eventTypes: [...new Set(body.event_types)] })),
});
