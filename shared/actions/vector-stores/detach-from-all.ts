import { PREFIX } from '../../domain/ids.ts';
import { ConflictError, remove } from '../../ports/commit.ts';
import type { World } from '../../ports/world.ts';
import { detach } from './detach-file.ts';

const AT_ONCE = 20;

/** Takes a file out of every store that has it; each by itself. Its places elsewhere have ids that sort before (code-files.ts). */
export async function detachFromAll(world: World, projectId: string, fileId: string): Promise<void> {
  for (;;) {
    const { items } = await world.store.page('file_place', [projectId, fileId], { order: 'asc', limit: AT_ONCE, after: PREFIX.vector_store });
    if (items.length === 0) return;
    for (const place of items) {
      if (await detach(world, { projectId, vectorStoreId: place.id, fileId })) continue;
      // Somebody else, a store that is being dropped, has taken the file out meanwhile, or the place with it.
      await world.commit({ name: 'remove-place', writes: [remove('file_place', place)] }).catch((error: unknown) => {
        if (!(error instanceof ConflictError)) throw error;
      });
    }
  }
}
