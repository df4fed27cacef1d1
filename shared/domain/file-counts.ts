/** How the counts of vector stores and batches follow what happens to files. */
import { type FileCounts, type VectorStore, type VectorStoreFile, usageOfFile } from './vector-store.ts';

const FIELD = { in_progress: 'inProgress', completed: 'completed', failed: 'failed', cancelled: 'cancelled' } as const;

export const counted = (counts: FileCounts, status: VectorStoreFile['status'], by = 1): FileCounts => ({ ...counts, [FIELD[status]]: counts[FIELD[status]] + by });

/** One file of a store, before and after a change; absent where there is none. */
export interface FileMove {
  before?: VectorStoreFile | undefined;
  after?: VectorStoreFile | undefined;
}

/** The store with counts and bytes as they are after its files have changed so. */
export function withMoves<S extends VectorStore>(store: S, moves: readonly FileMove[]): S {
  let { counts, usageBytes } = store;
  for (const { before, after } of moves) {
    if (before) counts = counted(counts, before.status, -1);
    if (after) counts = counted(counts, after.status);
    usageBytes += (after ? usageOfFile(after) : 0) - (before ? usageOfFile(before) : 0);
  }
  return { ...store, counts, usageBytes };
}

/** A batch's counts once a file of it, which was in progress, has come to an end; one that left its store or its batch is cancelled for the batch. */
export const settledIn = (counts: FileCounts, status: Exclude<VectorStoreFile['status'], 'in_progress'>, by = 1): FileCounts =>
  counted(counted(counts, 'in_progress', -by), status, by);
