import { toSeconds } from '../domain/clock.ts';
import type { File, FilePurpose } from '../domain/file.ts';
import { type AnnouncedUpload, type UploadPart, type UploadStatus, statusOfUpload } from '../domain/upload.ts';
import { type WireFile, toWireFile } from './file.ts';

export interface WireUpload {
  id: string;
  object: 'upload';
  bytes: number;
  created_at: number;
  filename: string;
  purpose: FilePurpose;
  status: UploadStatus;
  expires_at: number;
  file: WireFile | null;
}

/** `file`: what it has become, as long as there is one. */
export const toWireUpload = (upload: AnnouncedUpload, nowMs: number, file?: File): WireUpload => ({
  id: upload.id,
  object: 'upload',
  bytes: upload.bytes,
  created_at: toSeconds(upload.createdAtMs),
  filename: upload.filename,
  purpose: upload.purpose,
  status: statusOfUpload(upload, nowMs),
  expires_at: toSeconds(upload.expiresAtMs),
  file: file ? toWireFile(file) : null,
});

export interface WireUploadPart {
  id: string;
  object: 'upload.part';
  created_at: number;
  upload_id: string;
}

export const toWireUploadPart = ({ id, createdAtMs, uploadId }: UploadPart): WireUploadPart => ({ id, object: 'upload.part', created_at: toSeconds(createdAtMs), upload_id: uploadId });
