import type { File, FilePiece } from '../domain/file.ts';
import type { World } from '../ports/world.ts';

/** A file's record is there and its content is not. */
export class ContentGoneError extends Error {}

/** The whole content of a file, its pieces one behind the other, each opened when it is its turn. To be read to its end or cancelled. */
export const readContent = (world: Pick<World, 'blobs'>, { id, pieces }: Pick<File, 'id' | 'pieces'>): ReadableStream<Uint8Array> => ReadableStream.from(chunksOf(world, id, pieces));

async function* chunksOf({ blobs }: Pick<World, 'blobs'>, id: string, pieces: readonly FilePiece[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { key } of pieces) {
    const blob = await blobs.read(key);
    if (!blob) throw new ContentGoneError(`${id} has lost ${key}`);
    // Left before its end, the loop cancels it.
    yield* blob.body;
  }
}
