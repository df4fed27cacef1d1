/** What scenarios of webhooks ask of a server: by the official client, and by hand what it does not know. */
import OpenAI from 'openai';
import type { WebhookEndpointWithSecret } from 'openai/resources/webhooks/webhooks';
import { EVENT_TYPES } from '../../shared/domain/webhook-event.ts';
import type { WebhookReceiver } from '../support/webhook-receiver.ts';
import { type Stage, eventually } from './stage.ts';

export interface WireDelivery {
  id: string;
  status: string;
  attempt_count: number;
  attempts: { at: number; status_code: number | null; error: string | null }[];
  next_attempt_at: number | null;
  event: { id: string; type: string; created_at: number; data: Record<string, string> };
}

export interface Hooked {
  client: OpenAI;
  endpoint: WebhookEndpointWithSecret;
}

let projects = 0;

/** A project of its own, and an endpoint that is told of these, or of everything. */
export async function newEndpoint({ server }: Stage, receiver: WebhookReceiver, eventTypes: readonly string[] = EVENT_TYPES): Promise<Hooked> {
  const client = new OpenAI({ baseURL: server.baseUrl, apiKey: await server.createKey(`proj_hooks_${++projects}`), maxRetries: 0 });
  const endpoint = await client.webhooks.create({ name: 'all', url: receiver.url, event_types: [...eventTypes] as never });
  return { client, endpoint };
}

/** For what a queue may put off by seconds. */
const WITHIN_MS = 25_000;

export const told = (receiver: WebhookReceiver, ...types: string[]) =>
  eventually(`told of ${types.join(', ')}`, async () => (types.every((type) => receiver.types.includes(type)) ? receiver.received : undefined), WITHIN_MS);

export const logOf = async ({ client, endpoint }: Hooked): Promise<WireDelivery[]> => ((await client.get(`/webhook_endpoints/${endpoint.id}/deliveries`)) as { data: WireDelivery[] }).data;

export const replay = ({ client, endpoint }: Hooked, id: string): Promise<WireDelivery> => client.post(`/webhook_endpoints/${endpoint.id}/deliveries/${id}/replay`);

/** The endpoint's one delivery, once that is so. */
export const deliveryThat = (hooked: Hooked, what: string, holds: (delivery: WireDelivery) => boolean): Promise<WireDelivery> =>
  eventually(
    what,
    async () => {
      const [delivery, ...others] = await logOf(hooked);
      if (others.length > 0) throw new Error(`${others.length} deliveries too many`);
      return delivery && holds(delivery) ? delivery : undefined;
    },
    WITHIN_MS,
  );
