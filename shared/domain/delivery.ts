import * as z from 'zod';

/** Something that has happened, as endpoints are told it. `data` names the records that it happened to: `id`, and what that hangs under. */
export const WebhookEvent = z.strictObject({
  id: z.string(),
  type: z.string(),
  createdAtMs: z.int(),
  data: z.object({ id: z.string() }).catchall(z.string()),
});
export type WebhookEvent = z.infer<typeof WebhookEvent>;

/** One try to deliver: the endpoint's HTTP status, or why there was none. */
export const DeliveryAttempt = z.strictObject({ atMs: z.int(), durationMs: z.number(), status: z.int().optional(), error: z.string().optional() });
export type DeliveryAttempt = z.infer<typeof DeliveryAttempt>;

/** Older ones are forgotten, but counted. */
export const MOST_ATTEMPTS_KEPT = 20;
/** How long a delivery can be looked up and replayed: thirty days. */
export const DELIVERY_KEPT_MS = 30 * 86_400_000;

const base = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  endpointId: z.string(),
  /** What deliveries of one endpoint are kept in order by. */
  threadId: z.string().optional(),
  rev: z.int(),
  createdAtMs: z.int(),
  event: WebhookEvent,
  /** The last ones, the oldest first. */
  attempts: z.array(DeliveryAttempt).max(MOST_ATTEMPTS_KEPT),
  attemptCount: z.int(),
  removeAfterMs: z.int(),
});

/** One event for one endpoint. `failed` has been given up, and can be replayed: it is then pending again. */
export const Delivery = z.discriminatedUnion('status', [
  base.extend({ status: z.literal('pending'), nextAttemptAtMs: z.int() }),
  base.extend({ status: z.literal('delivered'), deliveredAtMs: z.int() }),
  base.extend({ status: z.literal('failed') }),
]);
export type Delivery = z.infer<typeof Delivery>;
export type DeliveryOf<S extends Delivery['status']> = Extract<Delivery, { status: S }>;
