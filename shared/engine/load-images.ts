/** The images that messages name by `image_file`, as the model is shown them. */
import { ContentGoneError, readContent } from '../actions/read-content.ts';
import type { File } from '../domain/file.ts';
import type { Message } from '../domain/message.ts';
import type { Run } from '../domain/run.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

/** In bytes: what providers take of one image, and what a driver should hold for one call. */
const MOST_OF_ONE = 20 * 1024 * 1024;
const MOST_TOGETHER = 40 * 1024 * 1024;

/** By file id: a data URL. What is not here cannot be shown: the file is gone, is no image that models take (contract §5), or is too large. */
export type Images = ReadonlyMap<string, string>;

/** How each type begins. */
const SIGNATURES: [type: string, bytes: number[], at?: number][] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', [0x57, 0x45, 0x42, 0x50], 8],
];

/** Of users' messages alone; where they are too many together, the newest. */
export async function loadImages(world: Pick<World, 'store' | 'blobs'>, run: Run, history: readonly Message[]): Promise<Images> {
  const ids = new Set(history.toReversed().flatMap(({ role, content }) => (role === 'user' ? content.flatMap((part) => (part.type === 'image_file' ? [part.image_file.file_id] : [])) : [])));
  const images = new Map<string, string>();
  let left = MOST_TOGETHER;
  for (const id of ids) {
    const file = await world.store.get(keys.file(run.projectId, id));
    if (!file || file.bytes > Math.min(MOST_OF_ONE, left)) continue;
    const content = await contentOf(world, file);
    const type = content && typeOf(content);
    if (!content || type === undefined) continue;
    images.set(id, `data:${type};base64,${content.toString('base64')}`);
    left -= content.byteLength;
  }
  return images;
}

async function contentOf(world: Pick<World, 'blobs'>, file: File): Promise<Buffer | undefined> {
  try {
    return Buffer.concat(await Array.fromAsync(readContent(world, file)));
  } catch (error) {
    // Deleted at this moment.
    if (error instanceof ContentGoneError) return undefined;
    throw error;
  }
}

const typeOf = (content: Buffer): string | undefined => SIGNATURES.find(([, bytes, at = 0]) => bytes.every((byte, index) => content[at + index] === byte))?.[0];
