import { NotFoundError } from '../../domain/errors.ts';
import type { Attributes, VectorStoreFile } from '../../domain/vector-store.ts';
import type { World } from '../../ports/world.ts';
import { type FileKey, changeFile } from './change-file.ts';

/** Replaces what searches are filtered by. */
export async function updateAttributes(world: World, key: FileKey, attributes: Attributes): Promise<VectorStoreFile> {
  const before = await changeFile(world, key, 'update-attributes', (file) => ({ after: { ...file, attributes } }));
  if (!before) throw new NotFoundError('vector_store_file', key.fileId);
  return { ...before, attributes };
}
