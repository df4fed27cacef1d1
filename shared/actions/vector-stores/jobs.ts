/** The work that vector stores make for others. */
import { type FileBatch, type VectorStore, type VectorStoreFile, filesIn, storeExpiresAtMs } from '../../domain/vector-store.ts';
import type { Scheduled } from '../../ports/commit.ts';

const placeOf = ({ projectId, vectorStoreId }: VectorStoreFile | FileBatch) => ({ projectId, vectorStoreId });

export const indexJob = (file: VectorStoreFile, nowMs: number): Scheduled => ({
  name: `index:${file.vectorStoreId}:${file.id}:${file.indexId}`,
  job: { type: 'index-file', ...placeOf(file), fileId: file.id, indexId: file.indexId, dueMs: nowMs },
  dueMs: nowMs,
});

/** The file's index job is not taken back: whoever is at it may add something yet, and finds then that it must go. */
export const unindexJob = (file: VectorStoreFile, nowMs: number): Scheduled => ({
  name: `index:remove:${file.indexId}`,
  job: { type: 'unindex-file', ...placeOf(file), fileId: file.id, indexId: file.indexId, dueMs: nowMs },
  dueMs: nowMs,
});

export const expandJob = (batch: FileBatch, nowMs: number): Scheduled => ({
  name: `index:batch:${batch.id}`,
  job: { type: 'expand-batch', ...placeOf(batch), batchId: batch.id, dueMs: nowMs },
  dueMs: nowMs,
});

export const dropJob = ({ id, projectId }: VectorStore, nowMs: number): Scheduled => ({
  name: `index:drop:${id}`,
  job: { type: 'drop-store', projectId, vectorStoreId: id, dueMs: nowMs },
  dueMs: nowMs,
});

/** Searches are slow in what is not tidied yet. */
const TIDY_EVERY_MS = 5000;
/** While many files come in, the index is tidied in between: each of them leaves a piece of its own in it. */
const TIDY_EVERY_FILES = 32;

/** Of the next full five seconds, so that replacing it, where that can be done, does not put it off. */
export const tidyJob = ({ id, projectId }: VectorStore, nowMs: number): Scheduled => ({
  name: `index:tidy:${id}`,
  job: { type: 'tidy-index', projectId, vectorStoreId: id },
  dueMs: (Math.floor(nowMs / TIDY_EVERY_MS) + 1) * TIDY_EVERY_MS,
});

/** After a change of the store's files, as it is then. */
export const tidyJobs = (store: VectorStore, nowMs: number): Scheduled[] =>
  store.counts.inProgress === 0 || filesIn(store.counts) % TIDY_EVERY_FILES === 0 || store.counts.inProgress % TIDY_EVERY_FILES === 0 ? [tidyJob(store, nowMs)] : [];

/** A timer can be no further away than a year; one for later sets itself again. */
const FURTHEST_MS = 300 * 86_400_000;

/** Its name is of its moment: on AWS a timer's name that was used for an earlier one starts nothing. */
export function expiryTimers(store: VectorStore, nowMs: number): Scheduled[] {
  const expiresAtMs = storeExpiresAtMs(store);
  if (expiresAtMs === undefined) return [];
  const dueMs = Math.min(Math.max(expiresAtMs, nowMs), nowMs + FURTHEST_MS);
  return [{ name: `expire:${store.id}:${dueMs}`, job: { type: 'expire-store', projectId: store.projectId, vectorStoreId: store.id }, dueMs }];
}
