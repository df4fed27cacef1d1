import * as z from 'zod';
import { FilePurpose } from './file.ts';

/** In bytes: 8 GB in all, 64 MB in a part (contract §5). */
export const MOST_UPLOAD_BYTES = 8 * 1024 ** 3;
export const MOST_PART_BYTES = 64 * 1024 * 1024;
/** How long a client has to complete an upload. */
export const UPLOAD_WINDOW_MS = 3_600_000;

/** Longer than any request takes: a file or part that has not arrived by then never will. */
export const INCOMING_KEPT_MS = 86_400_000;

const base = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  /** The record goes some time after its window; what nobody has made a file of goes with it, told by the feed. */
  removeAfterMs: z.int(),
});

/** What the client has said of the file that it sends in parts. */
const announced = base.extend({
  filename: z.string(),
  purpose: FilePurpose,
  /** The parts must come to exactly this. */
  bytes: z.int(),
  /** Past it the upload is expired to every reader. */
  expiresAtMs: z.int(),
  /** Of the file that it becomes: how long after its making it expires. */
  fileExpiresAfterSeconds: z.int().optional(),
});

/**
 * A file on its way in. What comes in one request, a whole file or a part, has a record that no client ever sees for as long as that takes: so
 * what a process that died had put away by then is found, and removed.
 */
export const Upload = z.discriminatedUnion('status', [
  announced.extend({ status: z.literal('pending') }),
  announced.extend({ status: z.literal('completed'), fileId: z.string() }),
  announced.extend({ status: z.literal('cancelled') }),
  /** `key`: where the content is being put; `multipart`: of the blob store, for one that is put there in several pieces. */
  base.extend({ status: z.literal('incoming'), key: z.string(), multipart: z.string().optional() }),
  /** It is somebody's now. */
  base.extend({ status: z.literal('arrived') }),
]);
export type Upload = z.infer<typeof Upload>;
/** One that a client knows. */
export type AnnouncedUpload = UploadIn<'pending' | 'completed' | 'cancelled'>;
export type UploadIn<S extends Upload['status']> = Extract<Upload, { status: S }>;

/** One part of an upload; its content is the blob `key`. Written once that is there. */
export const UploadPart = z.strictObject({ id: z.string(), projectId: z.string(), uploadId: z.string(), rev: z.int(), createdAtMs: z.int(), bytes: z.int(), key: z.string() });
export type UploadPart = z.infer<typeof UploadPart>;

export type UploadStatus = 'pending' | 'completed' | 'cancelled' | 'expired';
/** Expired from its time on, whether or not anything has been removed yet. */
export const statusOfUpload = ({ status, expiresAtMs }: AnnouncedUpload, nowMs: number): UploadStatus => (status === 'pending' && expiresAtMs <= nowMs ? 'expired' : status);

/** The most parts that one file can be made of. */
export const MOST_PARTS = 2000;
