import { toSeconds } from '../domain/clock.ts';
import type { Export, ExportCounts } from '../domain/export.ts';

/** Threadkeep's own (docs/api.md). */
export interface WireExport {
  id: string;
  object: 'export';
  created_at: number;
  status: Export['status'];
  format: Export['format'];
  cause: Export['cause'];
  thread_id: string | null;
  metadata: Record<string, string> | null;
  counts: ExportCounts;
  bytes: number;
  started_at: number | null;
  completed_at: number | null;
  failed_at: number | null;
  last_error: { code: string } | null;
}

export const toWireExport = (record: Export): WireExport => ({
  id: record.id,
  object: 'export',
  created_at: toSeconds(record.createdAtMs),
  status: record.status,
  format: record.format,
  cause: record.cause,
  thread_id: 'threadId' in record.of ? record.of.threadId : null,
  metadata: 'metadata' in record.of ? record.of.metadata : null,
  counts: record.counts,
  bytes: record.bytes,
  started_at: record.status === 'queued' || record.startedAtMs === undefined ? null : toSeconds(record.startedAtMs),
  completed_at: record.status === 'completed' ? toSeconds(record.completedAtMs) : null,
  failed_at: record.status === 'failed' ? toSeconds(record.failedAtMs) : null,
  last_error: record.status === 'failed' ? { code: record.error } : null,
});
