import { createHash } from 'node:crypto';
import { InvalidRequestError, UploadStatusError } from '../../domain/errors.ts';
import type { File, FilePiece } from '../../domain/file.ts';
import { type AnnouncedUpload, MOST_PARTS, type UploadIn, type UploadPart, statusOfUpload } from '../../domain/upload.ts';
import { create, retryOnConflict, update } from '../../ports/commit.ts';
import { keys } from '../../ports/store.ts';
import type { World } from '../../ports/world.ts';
import { newFile } from '../create-file.ts';
import { findUpload } from '../find.ts';
import { readContent } from '../read-content.ts';

export interface Completed {
  upload: AnnouncedUpload;
  /** Undefined when it was deleted since. */
  file: File | undefined;
}

/** Makes a file of the parts, in this order; none of their content is touched. One that is completed already stays as it is. */
export function completeUpload(world: World, projectId: string, uploadId: string, partIds: readonly string[], md5: string | undefined): Promise<Completed> {
  return retryOnConflict(async () => {
    const upload = await findUpload(world, projectId, uploadId);
    if (upload.status === 'completed') return { upload, file: await world.store.get(keys.file(projectId, upload.fileId)) };
    const status = statusOfUpload(upload, world.clock.nowMs());
    if (upload.status !== 'pending' || status !== 'pending') throw new UploadStatusError(status, 'complete');
    const pieces = await piecesOf(world, upload, partIds);
    if (md5 !== undefined) await checkMd5(world, upload.id, pieces, md5);
    const { filename, purpose, fileExpiresAfterSeconds: expiresAfterSeconds } = upload;
    const file = newFile(world.clock.nowMs(), projectId, { filename, purpose, expiresAfterSeconds }, pieces);
    const write = update('upload', upload, { ...upload, status: 'completed' as const, fileId: file.id });
    await world.commit({ name: 'complete-upload', writes: [create('file', file), write] });
    return { upload: write.record, file };
  });
}

async function piecesOf({ store }: World, upload: UploadIn<'pending'>, partIds: readonly string[]): Promise<FilePiece[]> {
  const parts = await partsOf(store, upload);
  const used = new Set<string>();
  const pieces = partIds.map((id, at) => {
    const part = parts.get(id);
    if (!part) throw new InvalidRequestError(`No part found with id '${id}' in upload '${upload.id}'.`, `part_ids[${at}]`, 'invalid_value');
    if (used.has(id)) throw new InvalidRequestError(`Invalid 'part_ids': part '${id}' is named twice.`, `part_ids[${at}]`, 'invalid_value');
    used.add(id);
    return { key: part.key, bytes: part.bytes };
  });
  const sum = pieces.reduce((bytes, piece) => bytes + piece.bytes, 0);
  if (sum !== upload.bytes) throw new InvalidRequestError(`The parts have ${sum} bytes in all, but the upload was announced with ${upload.bytes} bytes.`, 'part_ids', 'invalid_value');
  return pieces;
}

async function partsOf(store: World['store'], { projectId, id }: UploadIn<'pending'>): Promise<Map<string, UploadPart>> {
  const parts = new Map<string, UploadPart>();
  for (let after: string | undefined; ; ) {
    const { items, hasMore } = await store.page('upload_part', [projectId, id], { order: 'asc', limit: MOST_PARTS, after });
    for (const part of items) parts.set(part.id, part);
    after = items.at(-1)?.id;
    if (!hasMore || after === undefined) return parts;
  }
}

async function checkMd5(world: World, id: string, pieces: FilePiece[], md5: string): Promise<void> {
  const hash = createHash('md5');
  for await (const chunk of readContent(world, { id, pieces })) hash.update(chunk);
  const actual = hash.digest('hex');
  if (actual !== md5.toLowerCase()) throw new InvalidRequestError(`The parts' MD5 checksum is '${actual}', not '${md5}'.`, 'md5', 'invalid_value');
}
