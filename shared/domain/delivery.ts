import * as z from 'zod';
import { derivedId, timeOfId } from './ids.ts';

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
  /** When somebody asked for it to be sent again; its retries are counted from there. */
  replayedAtMs: z.int().optional(),
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

/** An event for an endpoint: the same whenever the event is told again. */
export const newDelivery = (event: WebhookEvent, { id: endpointId, projectId }: { id: string; projectId: string }, threadId: string | undefined, nowMs: number): DeliveryOf<'pending'> => ({
  id: derivedId('delivery', timeOfId('event', event.id) ?? event.createdAtMs, endpointId, event.id),
  projectId,
  endpointId,
  threadId,
  rev: 0,
  createdAtMs: nowMs,
  event,
  attempts: [],
  attemptCount: 0,
  status: 'pending',
  nextAttemptAtMs: nowMs,
  removeAfterMs: nowMs + DELIVERY_KEPT_MS,
});

/** Retries go on for so long after the event, or after somebody asked for it again: three days. */
export const RETRIED_FOR_MS = 3 * 86_400_000;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 4 * 3_600_000;
const SHORTEST_PAUSE_MS = 1000;

/** How long to wait after so many failures: up to twice as long each time, and spread, so that those who failed together do not come again together. `random` is in [0, 1). */
export const pauseAfter = (failures: number, random: number): number =>
  Math.max(Math.round(random * Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)), SHORTEST_PAUSE_MS);

/** The delivery after one more try. Any answer of 200 to 299 is success; all else is tried again until its time is over. */
export function afterAttempt(delivery: Delivery, attempt: DeliveryAttempt, nowMs: number, random: number): Delivery {
  const { attempts, attemptCount, replayedAtMs, event } = delivery;
  const tried = { ...common(delivery), attempts: [...attempts, attempt].slice(-MOST_ATTEMPTS_KEPT), attemptCount: attemptCount + 1 };
  if (attempt.status !== undefined && attempt.status >= 200 && attempt.status < 300) return { ...tried, status: 'delivered', deliveredAtMs: nowMs };
  const sinceMs = replayedAtMs ?? event.createdAtMs;
  const lastMs = sinceMs + RETRIED_FOR_MS;
  if (nowMs >= lastMs) return { ...tried, status: 'failed' };
  const failures = tried.attempts.filter(({ atMs }) => atMs >= sinceMs).length;
  return { ...tried, status: 'pending', nextAttemptAtMs: Math.min(nowMs + pauseAfter(Math.max(failures, 1), random), lastMs) };
}

/** To be sent once more, at once, and with all its retries. It is kept as long as a new one. */
export const replayed = (delivery: Delivery, nowMs: number): DeliveryOf<'pending'> => ({
  ...common(delivery),
  status: 'pending',
  replayedAtMs: nowMs,
  nextAttemptAtMs: nowMs,
  removeAfterMs: nowMs + DELIVERY_KEPT_MS,
});

/** Without what only its status has. */
function common(delivery: Delivery): z.infer<typeof base> {
  return commonFields.parse(delivery);
}
const commonFields = z.object(base.shape);
