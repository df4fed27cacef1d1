import * as z from 'zod';
import { FilePurpose } from './file.ts';

/** In bytes: 8 GB in all, 64 MB in a part (contract §5). */
export const MOST_UPLOAD_BYTES = 8 * 1024 ** 3;
export const MOST_PART_BYTES = 64 * 1024 * 1024;
/** How long a client has to complete an upload. */
export const UPLOAD_WINDOW_MS = 3_600_000;

const base = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  filename: z.string(),
  purpose: FilePurpose,
  /** As announced: the parts must come to exactly this. */
  bytes: z.int(),
  /** Past it the upload is expired to every reader. */
  expiresAtMs: z.int(),
  /** Of the file that it becomes: how long after its making it expires. */
  fileExpiresAfterSeconds: z.int().optional(),
  /** The record goes some time after its window; what nobody has made a file of goes with it, told by the feed. */
  removeAfterMs: z.int(),
});

/**
 * A file on its way in. A file that is sent whole is one too, for as long as it takes: so what a process that died had put away by then is
 * found, and removed.
 */
export const Upload = z.discriminatedUnion('status', [
  base.extend({ status: z.literal('pending'), /** Where a file sent whole is being put. */ piece: z.string().optional() }),
  base.extend({ status: z.literal('completed'), fileId: z.string() }),
  base.extend({ status: z.literal('cancelled') }),
]);
export type Upload = z.infer<typeof Upload>;
export type UploadIn<S extends Upload['status']> = Extract<Upload, { status: S }>;

/** One part of an upload; its content is the blob `key`. Written once that is there. */
export const UploadPart = z.strictObject({ id: z.string(), projectId: z.string(), uploadId: z.string(), rev: z.int(), createdAtMs: z.int(), bytes: z.int(), key: z.string() });
export type UploadPart = z.infer<typeof UploadPart>;
