import { randomBytes } from 'node:crypto';
import * as z from 'zod';

/** What deliveries are signed with: `whsec_` and base64 of 24 to 32 random bytes. One that was replaced goes on signing until `untilMs`. */
export const SigningSecret = z.strictObject({ secret: z.string().startsWith('whsec_'), untilMs: z.int().optional() });
export type SigningSecret = z.infer<typeof SigningSecret>;

/** Where a project wants to be told of events, and of which. */
export const WebhookEndpoint = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  /** When what it is, or what it signs with, was changed last; absent for one that never was. */
  updatedAtMs: z.int().optional(),
  name: z.string(),
  url: z.string(),
  eventTypes: z.array(z.string()),
  /** The newest first. */
  secrets: z.array(SigningSecret).min(1),
});
export type WebhookEndpoint = z.infer<typeof WebhookEndpoint>;

/** How many a project may have. */
export const MOST_WEBHOOK_ENDPOINTS = 50;

/** How long a replaced secret may go on signing beside the new one: a day. */
export const SECRET_OVERLAP_MS = 86_400_000;

/** Somebody may rotate again and again within a day; the oldest then sign no more. */
const MOST_SECRETS = 5;

/** Whatever signs what it is sent. */
type Signing = Pick<WebhookEndpoint, 'secrets' | 'updatedAtMs'>;

/** Those that sign at that time, the newest first. */
export const activeSecrets = ({ secrets }: Signing, nowMs: number): SigningSecret[] =>
  secrets.filter(({ untilMs }) => untilMs === undefined || nowMs < untilMs).slice(0, MOST_SECRETS);

/** The endpoint with a new secret. The former one signs on beside it for a day or, unless `keepsOld`, no more at all. */
export function rotated<E extends Signing>(endpoint: E, secret: string, keepsOld: boolean, nowMs: number): E {
  const kept = keepsOld ? activeSecrets(endpoint, nowMs) : [];
  const secrets = [{ secret }, ...kept.map((old) => ({ untilMs: nowMs + SECRET_OVERLAP_MS, ...old }))].slice(0, MOST_SECRETS);
  return { ...endpoint, secrets, updatedAtMs: nowMs };
}

const SECRET_BYTES = 32;

export const newSigningSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
