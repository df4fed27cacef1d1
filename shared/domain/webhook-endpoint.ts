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
  name: z.string(),
  url: z.string(),
  eventTypes: z.array(z.string()),
  /** The newest first. */
  secrets: z.array(SigningSecret).min(1),
});
export type WebhookEndpoint = z.infer<typeof WebhookEndpoint>;

const SECRET_BYTES = 32;

export const newSigningSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
