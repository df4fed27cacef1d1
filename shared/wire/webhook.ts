import type { WebhookEndpoint as WireEndpoint, WebhookEndpointTestResult, WebhookEndpointWithSecret } from 'openai/resources/webhooks/webhooks';
import { toSeconds } from '../domain/clock.ts';
import type { Delivery } from '../domain/delivery.ts';
import type { WebhookEndpoint } from '../domain/webhook-endpoint.ts';
import { envelopeOf } from '../domain/webhook-event.ts';

/** Without its secrets: those are shown when they are made, and never again. */
export const toWireWebhookEndpoint = (endpoint: WebhookEndpoint): WireEndpoint => ({
  id: endpoint.id,
  object: 'webhook_endpoint',
  created_at: toSeconds(endpoint.createdAtMs),
  updated_at: toSeconds(endpoint.updatedAtMs ?? endpoint.createdAtMs),
  name: endpoint.name,
  url: endpoint.url,
  event_types: endpoint.eventTypes,
  signing_secret_hint: hintOf(newest(endpoint)),
});

export const toWireWebhookEndpointWithSecret = (endpoint: WebhookEndpoint): WebhookEndpointWithSecret => ({
  ...toWireWebhookEndpoint(endpoint),
  signing_secret: newest(endpoint),
});

export const toWireTestResult = (endpointId: string, eventType: string, status: number): WebhookEndpointTestResult => ({
  object: 'webhook_endpoint.test',
  webhook_endpoint_id: endpointId,
  event_type: eventType,
  status_code: status,
  success: true,
});

/** Threadkeep's own: an event for one endpoint, and what came of sending it. */
export const toWireDelivery = (delivery: Delivery) => ({
  id: delivery.id,
  object: 'webhook_endpoint.delivery' as const,
  webhook_endpoint_id: delivery.endpointId,
  created_at: toSeconds(delivery.createdAtMs),
  status: delivery.status,
  event: envelopeOf(delivery.event),
  attempt_count: delivery.attemptCount,
  attempts: delivery.attempts.map(({ atMs, durationMs, status, error }) => ({ at: toSeconds(atMs), duration_ms: Math.round(durationMs), status_code: status ?? null, error: error ?? null })),
  next_attempt_at: delivery.status === 'pending' ? toSeconds(delivery.nextAttemptAtMs) : null,
  delivered_at: delivery.status === 'delivered' ? toSeconds(delivery.deliveredAtMs) : null,
  expires_at: toSeconds(delivery.removeAfterMs),
});

const newest = ({ secrets: [first] }: WebhookEndpoint): string => first?.secret ?? '';
const hintOf = (secret: string): string => `whsec_…${secret.slice(-4)}`;
