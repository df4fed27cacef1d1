import type { File } from '../domain/file.ts';
import type { Upload } from '../domain/upload.ts';
import type { World } from '../ports/world.ts';

/** The content of a file that is gone, and its places in vector stores. */
export async function reapFile(world: World, file: File): Promise<void> {
  await world.blobs.remove(file.pieces.map(({ key }) => key));
}

/** What was put away for an upload that nobody has made a file of. */
export async function reapUpload(_world: World, _upload: Upload): Promise<void> {
  throw new Error('not yet');
}
