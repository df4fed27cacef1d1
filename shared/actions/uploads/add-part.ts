import { UploadStatusError } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { type UploadIn, type UploadPart, statusOfUpload } from '../../domain/upload.ts';
import { ConflictError, create } from '../../ports/commit.ts';
import { keys } from '../../ports/store.ts';
import type { World } from '../../ports/world.ts';
import { findUpload } from '../find.ts';
import type { Incoming } from '../receive-content.ts';

/** The upload, if parts can be added to it. */
export async function findOpenUpload(world: World, projectId: string, uploadId: string): Promise<UploadIn<'pending'>> {
  const upload = await findUpload(world, projectId, uploadId);
  const status = statusOfUpload(upload, world.clock.nowMs());
  if (upload.status !== 'pending' || status !== 'pending') throw new UploadStatusError(status, 'add parts to');
  return upload;
}

/** Makes a part of what has come in. Any number at once: parts leave their upload's record as it is. */
export async function addPart(world: World, upload: UploadIn<'pending'>, incoming: Incoming): Promise<UploadPart> {
  const { projectId, id: uploadId } = upload;
  const { piece, write } = await incoming.keep();
  const nowMs = world.clock.nowMs();
  const part: UploadPart = { id: newId('upload_part', nowMs), projectId, uploadId, rev: 0, createdAtMs: nowMs, bytes: piece.bytes, key: piece.key };
  try {
    await world.commit({ name: 'add-part', writes: [create('upload_part', part), write, { op: 'check', key: keys.upload(projectId, uploadId), expectRev: upload.rev }] });
  } catch (error) {
    // Completed, cancelled or gone while the part came in.
    if (error instanceof ConflictError && error.key.id === uploadId) await findOpenUpload(world, projectId, uploadId);
    throw error;
  }
  return part;
}
