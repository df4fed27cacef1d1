import type { VectorStore as WireStore } from 'openai/resources/vector-stores/vector-stores';
import { toSeconds } from '../domain/clock.ts';
import { type FileCounts, type VectorStore, filesIn, statusOfStore, storeExpiresAtMs } from '../domain/vector-store.ts';

/** As hosted answers: with a description, and null where the client's types leave something out. */
export type HostedStore = Omit<WireStore, 'name' | 'expires_after'> & { name: string | null; description: string | null; expires_after: WireStore['expires_after'] | null };

export const toWireCounts = (counts: FileCounts): WireStore['file_counts'] => ({
  in_progress: counts.inProgress,
  completed: counts.completed,
  failed: counts.failed,
  cancelled: counts.cancelled,
  total: filesIn(counts),
});

/** As it is at this moment: its time may have come since anything was written. */
export function toWireVectorStore(store: VectorStore, nowMs: number): HostedStore {
  const expiresAtMs = storeExpiresAtMs(store);
  return {
    id: store.id,
    object: 'vector_store',
    created_at: toSeconds(store.createdAtMs),
    name: store.name ?? null,
    description: store.description ?? null,
    usage_bytes: store.usageBytes,
    file_counts: toWireCounts(store.counts),
    status: statusOfStore(store, nowMs),
    expires_after: store.expiresAfterDays === undefined ? null : { anchor: 'last_active_at', days: store.expiresAfterDays },
    expires_at: expiresAtMs === undefined ? null : toSeconds(expiresAtMs),
    last_active_at: toSeconds(store.lastActiveAtMs),
    metadata: store.metadata,
  };
}
