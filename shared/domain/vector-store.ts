import * as z from 'zod';
import { Lease } from './run.ts';
import { Metadata, integer } from './settings.ts';

const DAY_MS = 86_400_000;

/** How a file's text is cut, in tokens (limits L17). */
export const Chunking = z.strictObject({ maxTokens: z.int().min(100).max(4096), overlapTokens: z.int().min(0) });
export type Chunking = z.infer<typeof Chunking>;
/** What `auto` means. */
export const AUTO_CHUNKING: Chunking = { maxTokens: 800, overlapTokens: 400 };

/** Up to 16 pairs that a search can be filtered by (contract §2). */
export const Attributes = z.record(z.string(), z.union([z.string().max(512), z.number(), z.boolean()])).check((ctx) => {
  const keys = Object.keys(ctx.value);
  if (keys.length > 16) ctx.issues.push({ code: 'custom', input: ctx.value, params: { rule: 'max_properties', maximum: 16, actual: keys.length } });
  for (const key of keys) {
    if (key.length > 64) ctx.issues.push({ code: 'custom', input: key, params: { rule: 'max_property_name', maximum: 64, name: key } });
  }
});
export type Attributes = z.infer<typeof Attributes>;

export const FileCounts = z.strictObject({ inProgress: z.int().min(0), completed: z.int().min(0), failed: z.int().min(0), cancelled: z.int().min(0) });
export type FileCounts = z.infer<typeof FileCounts>;
export const NO_FILES: FileCounts = { inProgress: 0, completed: 0, failed: 0, cancelled: 0 };
export const filesIn = ({ inProgress, completed, failed, cancelled }: FileCounts): number => inProgress + completed + failed + cancelled;

/** Days since last use after which a store expires. */
export const ExpiresAfterDays = integer().min(1).max(365);

/** What turns texts into vectors. A store keeps to the one that it began with, for vectors of two cannot be compared. */
export const Embedding = z.strictObject({ model: z.string(), /** Asked for, where the model lets itself be asked. */ dimensions: z.int().optional() });
export type Embedding = z.infer<typeof Embedding>;

/**
 * A vector store. Its counts and bytes move in the same commit as the file that they count; its revision moves with every change of its
 * files or their attributes.
 */
export const VectorStore = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  name: z.string().optional(),
  description: z.string().optional(),
  metadata: Metadata,
  expiresAfterDays: ExpiresAfterDays.optional(),
  lastActiveAtMs: z.int(),
  usageBytes: z.int().min(0),
  counts: FileCounts,
  /** Keyword search alone when absent. */
  embedding: Embedding.optional(),
  /** Its index is gone, because its time had come. Whatever is changed after that, it stays expired. */
  isDropped: z.boolean().optional(),
});
export type VectorStore = z.infer<typeof VectorStore>;

/** Unix milliseconds; undefined for a store that does not expire. */
export const storeExpiresAtMs = ({ expiresAfterDays, lastActiveAtMs }: VectorStore): number | undefined =>
  expiresAfterDays === undefined ? undefined : lastActiveAtMs + expiresAfterDays * DAY_MS;

/** True from its time on, whether or not anything has been removed yet. */
export const isStoreExpired = (store: VectorStore, nowMs: number): boolean => store.isDropped === true || (storeExpiresAtMs(store) ?? Infinity) <= nowMs;

export type StoreStatus = 'expired' | 'in_progress' | 'completed';
export const statusOfStore = (store: VectorStore, nowMs: number): StoreStatus =>
  isStoreExpired(store, nowMs) ? 'expired' : store.counts.inProgress > 0 ? 'in_progress' : 'completed';

export const FileError = z.strictObject({ code: z.enum(['server_error', 'unsupported_file', 'invalid_file']), message: z.string() });
export type FileError = z.infer<typeof FileError>;

const fileBase = z.strictObject({
  /** The file's own (contract §10). */
  id: z.string(),
  projectId: z.string(),
  vectorStoreId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  filename: z.string(),
  attributes: Attributes,
  chunking: Chunking,
  /** Names what is in the index of this file: another one each time that the file is added anew, so that what is late for an earlier one harms nothing. */
  indexId: z.string(),
  /** When the file itself expires. Past it nothing of it is found any more, however long its record takes to go. */
  fileExpiresAtMs: z.int().optional(),
  batchId: z.string().optional(),
});

/** A file in a vector store. What the index holds of it counts for searches only while this record is `completed` and has that `indexId`. */
export const VectorStoreFile = z.discriminatedUnion('status', [
  /** `lease`: of the worker that indexes it. */
  fileBase.extend({ status: z.literal('in_progress'), lease: Lease.optional() }),
  /** `usageBytes`: what its chunks take, texts and vectors. */
  fileBase.extend({ status: z.literal('completed'), usageBytes: z.int(), chunks: z.int() }),
  fileBase.extend({ status: z.literal('failed'), lastError: FileError }),
  fileBase.extend({ status: z.literal('cancelled') }),
]);
export type VectorStoreFile = z.infer<typeof VectorStoreFile>;
export type VectorStoreFileIn<S extends VectorStoreFile['status']> = Extract<VectorStoreFile, { status: S }>;

/** True when searches find what the index has of it under this id. */
export const counts = (file: VectorStoreFile | undefined, indexId: string, nowMs: number): file is VectorStoreFileIn<'completed'> =>
  file?.status === 'completed' && file.indexId === indexId && nowMs < (file.fileExpiresAtMs ?? Infinity);

export const usageOfFile = (file: VectorStoreFile): number => (file.status === 'completed' ? file.usageBytes : 0);

/** A file that is to be added, and how: what is absent stays as it is for a file that is there, and is the default for any other. */
export const FileToAdd = z.strictObject({ fileId: z.string(), attributes: Attributes.optional(), chunking: Chunking.optional() });
export type FileToAdd = z.infer<typeof FileToAdd>;

/** Of a batch whose record is still to be written. `isThere`: its store had it already when the batch was made, so its counts have it whatever comes. */
const Pending = FileToAdd.extend({ isThere: z.boolean().optional() });
export type PendingFile = z.infer<typeof Pending>;

/** Files that were added together. The counts of its store have had them all since it was made; `pending` are those whose own records are still to be written. */
export const FileBatch = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  vectorStoreId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  counts: FileCounts,
  isCancelled: z.boolean(),
  pending: z.array(Pending),
});
export type FileBatch = z.infer<typeof FileBatch>;
