import { findWebhookEndpoint } from '../../actions/find.ts';
import { toWireWebhookEndpoint } from '../../wire/webhook.ts';
import { endpoint } from '../endpoint.ts';

export const retrieveWebhookEndpoint = endpoint({
  handle: async ({ world, projectId, id }) => toWireWebhookEndpoint(await findWebhookEndpoint(world, projectId, id('webhook_endpoint_id'))),
});
