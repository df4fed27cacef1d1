import { blobKeyOf } from '../histories/renderers.ts';
import { remove, retryOnConflict } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { findExport } from './find.ts';

/**
 * The file goes first: an export without its file can be deleted again, a file without its export is lost sight of. Who writes it at this
 * moment finds its record gone, and takes away what it has put there.
 */
export function deleteExport(world: World, projectId: string, exportId: string): Promise<void> {
  return retryOnConflict(async () => {
    const record = await findExport(world, projectId, exportId);
    const key = blobKeyOf(record);
    await world.blobs.remove([key]);
    await world.commit({ name: 'delete-export', writes: [remove('export', record)], cancels: [`export:${record.id}`] });
    if (record.status === 'in_progress' && record.upload) await world.blobs.abort(key, record.upload.id);
  });
}
