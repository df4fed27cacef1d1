import { remove, retryOnConflict } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { findFile } from './find.ts';
import { detachFromAll } from './vector-stores/detach-from-all.ts';

/** Out of every vector store first, then the file itself. What was added to one in between, and its content, is reaped when that is told (reap-files.ts). */
export function deleteFile(world: World, projectId: string, fileId: string): Promise<void> {
  return retryOnConflict(async () => {
    const file = await findFile(world, projectId, fileId);
    await detachFromAll(world, projectId, fileId);
    await world.commit({ name: 'delete-file', writes: [remove('file', file)] });
  });
}
