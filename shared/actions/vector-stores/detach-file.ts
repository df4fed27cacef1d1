import { NotFoundError } from '../../domain/errors.ts';
import type { World } from '../../ports/world.ts';
import { type FileKey, changeFile } from './change-file.ts';
import { unindexJob } from './jobs.ts';

/** Takes a file out of a store: from then on no search finds it. False when it is not there. */
export async function detach(world: World, key: FileKey): Promise<boolean> {
  const file = await changeFile(world, key, 'detach-file', (before) => ({
    jobs: () => [unindexJob(before, world.clock.nowMs())],
  }));
  return file !== undefined;
}

export async function detachFile(world: World, key: FileKey): Promise<void> {
  if (!(await detach(world, key))) throw new NotFoundError('vector_store_file', key.fileId);
}
