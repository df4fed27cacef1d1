import { settledIn } from '../../domain/file-counts.ts';
import type { FileBatch, PendingFile, VectorStore } from '../../domain/vector-store.ts';
import { type Write, update } from '../../ports/commit.ts';

/** What the store counts of a pending file though it has no record of it. */
const reserved = (pending: readonly PendingFile[]): number => pending.filter(({ isThere }) => isThere !== true).length;

/** The store without these, as it counted them. */
export const unreserve = (store: VectorStore, pending: readonly PendingFile[]): VectorStore => ({ ...store, counts: { ...store.counts, inProgress: store.counts.inProgress - reserved(pending) } });

/** The batch without those of its files that have no records; the store counts them no more. */
export const abandoned = (store: VectorStore, batch: FileBatch, status: 'failed' | 'cancelled'): Write[] => [
  update('vector_store', store, unreserve(store, batch.pending)),
  update('file_batch', batch, { ...batch, isCancelled: batch.isCancelled || status === 'cancelled', pending: [], counts: settledIn(batch.counts, status, batch.pending.length) }),
];
