import { testWebhookEndpoint as test } from '../../actions/test-webhook.ts';
import { TestWebhookEndpoint } from '../../wire/requests/webhooks.ts';
import { toWireTestResult } from '../../wire/webhook.ts';
import { endpoint } from '../endpoint.ts';

/** Sends a sample at once, and once. It is no delivery and is in no log. */
export const testWebhookEndpoint = endpoint({
  body: TestWebhookEndpoint,
  async handle({ world, projectId, id, body }) {
    const status = await test(world, projectId, id('webhook_endpoint_id'), body.event_type);
    return toWireTestResult(id('webhook_endpoint_id'), body.event_type, status);
  },
});
