import * as z from 'zod';

/**
 * Remembers which record a create with an `Idempotency-Key` made. Written in the same commit as that record, so that
 * there is never one without the other. Kept for a day.
 */
export const IdempotencyRecord = z.strictObject({
  /** SHA-256 in hex of the client's key. */
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  /** SHA-256 in hex of method, path and body: the same key with another request is the client's mistake. */
  fingerprint: z.string(),
  created: z.strictObject({ kind: z.enum(['assistant', 'thread', 'message', 'run', 'export', 'webhook_endpoint', 'vector_store', 'file_batch', 'file', 'upload', 'upload_part']), parentId: z.string().optional(), id: z.string() }),
  removeAfterMs: z.int(),
});
export type IdempotencyRecord = z.infer<typeof IdempotencyRecord>;

export const IDEMPOTENCY_KEPT_MS = 86_400_000;
