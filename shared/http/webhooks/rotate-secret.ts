import { rotateWebhookSecret as rotate } from '../../actions/webhook-endpoints.ts';
import { RotateWebhookSecret } from '../../wire/requests/webhooks.ts';
import { toWireWebhookEndpointWithSecret } from '../../wire/webhook.ts';
import { endpoint } from '../endpoint.ts';

export const rotateWebhookSecret = endpoint({
  body: RotateWebhookSecret,
  handle: async ({ world, projectId, id, body }) =>
    toWireWebhookEndpointWithSecret(await rotate(world, projectId, id('webhook_endpoint_id'), body.keep_old_secret_active_for_24_hours ?? false)),
});
