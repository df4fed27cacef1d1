import { toSeconds } from '../domain/clock.ts';
import type { File, FilePurpose } from '../domain/file.ts';

export interface WireFile {
  object: 'file';
  id: string;
  purpose: FilePurpose;
  filename: string;
  bytes: number;
  created_at: number;
  expires_at: number | null;
  /** Deprecated, and always that: nobody sees a file before it is whole. */
  status: 'processed';
  status_details: null;
}

export const toWireFile = ({ id, purpose, filename, bytes, createdAtMs, removeAfterMs }: File): WireFile => ({
  object: 'file',
  id,
  purpose,
  filename,
  bytes,
  created_at: toSeconds(createdAtMs),
  expires_at: removeAfterMs === undefined ? null : toSeconds(removeAfterMs),
  status: 'processed',
  status_details: null,
});
