import { UploadStatusError } from '../../domain/errors.ts';
import { type AnnouncedUpload, statusOfUpload } from '../../domain/upload.ts';
import { retryOnConflict, update } from '../../ports/commit.ts';
import type { World } from '../../ports/world.ts';
import { findUpload } from '../find.ts';

/** No part can be added from then on; those that it has go with its record. */
export function cancelUpload(world: World, projectId: string, uploadId: string): Promise<AnnouncedUpload> {
  return retryOnConflict(async () => {
    const upload = await findUpload(world, projectId, uploadId);
    const status = statusOfUpload(upload, world.clock.nowMs());
    if (upload.status !== 'pending' || status !== 'pending') throw new UploadStatusError(status, 'cancel');
    const write = update('upload', upload, { ...upload, status: 'cancelled' as const });
    await world.commit({ name: 'cancel-upload', writes: [write] });
    return write.record;
  });
}
