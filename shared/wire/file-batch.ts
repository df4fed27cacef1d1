import type { VectorStoreFileBatch as WireBatch } from 'openai/resources/vector-stores/file-batches';
import { toSeconds } from '../domain/clock.ts';
import type { FileBatch } from '../domain/vector-store.ts';
import { toWireCounts } from './vector-store.ts';

/** Hosted calls it `vector_store.file_batch`, the client's types `vector_store.files_batch` (contract §12). */
export type HostedBatch = Omit<WireBatch, 'object'> & { object: 'vector_store.file_batch' };

export const toWireFileBatch = (batch: FileBatch): HostedBatch => ({
  id: batch.id,
  object: 'vector_store.file_batch',
  created_at: toSeconds(batch.createdAtMs),
  vector_store_id: batch.vectorStoreId,
  status: batch.isCancelled ? 'cancelled' : batch.counts.inProgress > 0 ? 'in_progress' : 'completed',
  file_counts: toWireCounts(batch.counts),
});
