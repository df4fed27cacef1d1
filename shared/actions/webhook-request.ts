import { Webhook } from 'standardwebhooks';
import type { WebhookEvent } from '../domain/delivery.ts';
import type { SigningSecret } from '../domain/webhook-endpoint.ts';
import { envelopeOf } from '../domain/webhook-event.ts';
import type { OutboundRequest } from '../ports/outbound.ts';

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 64 * 1024;

/** The event as it is sent at that time, with a signature by every secret: a receiver that knows any of them accepts it. */
export function webhookRequest(url: string, event: WebhookEvent, secrets: readonly SigningSecret[], nowMs: number): OutboundRequest {
  const body = JSON.stringify(envelopeOf(event));
  return { url, body, timeoutMs: TIMEOUT_MS, mostBytes: MOST_BYTES, headers: { 'content-type': 'application/json', 'user-agent': 'Threadkeep-Webhooks/1.0', ...signatureHeaders(event.id, body, secrets, nowMs) } };
}

/** Standard Webhooks: the id is the same whenever the same is sent again, the time is that of this try. */
export function signatureHeaders(id: string, body: string, secrets: readonly SigningSecret[], nowMs: number): Record<string, string> {
  const at = new Date(nowMs);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': secrets.map(({ secret }) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}
