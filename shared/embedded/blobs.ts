/**
 * Files in a folder. Whatever is written gets its name when it is whole and on disk, so a crash leaves a file or none:
 *
 *   exports/proj_default/exp_1.jsonl      a file, under its key
 *   .uploads/<upload>/<number>.<tag>      a part of one to come
 *   .half/<random>                        something being written
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '../domain/clock.ts';
import { type Blobs, LEAST_PART_BYTES, PartsError, UploadGoneError, type UploadedPart, checkKey, inOrder } from '../ports/blobs.ts';
import { FOLDER_MODE, isMissing, makeFolders, openIfThere, removeOlder, sizeOf, writeDurably } from './files.ts';

/** As long as S3 is told to keep what nobody completes. */
const UPLOADS_KEPT_MS = 86_400_000;
const COPIED_AT_ONCE = 1024 * 1024;

/** `folder` is nobody else's: what was being written there when the last process ended is removed. */
export function makeBlobs(folder: string, clock: Clock): Blobs {
  const half = join(folder, '.half');
  const uploads = join(folder, '.uploads');
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true, mode: FOLDER_MODE });
  const pathOf = (key: string) => join(folder, ...checkKey(key).split('/'));
  /** Of an upload that there is, or could have been. */
  const uploadAt = (id: string) => (/^[0-9a-f-]{36}$/.test(id) ? join(uploads, id) : undefined);

  const writeFile = async (path: string, fill: Parameters<typeof writeDurably>[2]) => {
    await makeFolders(dirname(path));
    await writeDurably(half, path, fill);
  };

  /** Gone in one step: half of an upload's parts would look like an upload that some of them never reached. */
  const discard = async (upload: string) => {
    const aside = join(half, randomUUID());
    await rename(upload, aside).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    await rm(aside, { recursive: true, force: true });
  };

  return {
    async begin(key) {
      checkKey(key);
      await removeOlder(uploads, clock.nowMs() - UPLOADS_KEPT_MS);
      const upload = randomUUID();
      await makeFolders(join(uploads, upload));
      return upload;
    },
    async putPart(key, upload, number, bytes) {
      checkKey(key);
      const at = uploadAt(upload) ?? gone(upload);
      const tag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
      try {
        await writeDurably(half, join(at, `${number}.${tag}`), (file) => file.writeFile(bytes));
      } catch (error) {
        throw isMissing(error) ? new UploadGoneError(goneText(upload), { cause: error }) : error;
      }
      return tag;
    },
    async complete(key, upload, parts) {
      const path = pathOf(key);
      const ordered = inOrder(parts);
      const at = uploadAt(upload);
      if (at === undefined || (await sizeOf(at)) === undefined) return (await sizeOf(path)) === undefined ? gone(upload) : undefined;
      const files = await partsOf(at, ordered);
      await writeFile(path, async (file) => {
        for (const part of files) await file.writeFile(createReadStream(part, { highWaterMark: COPIED_AT_ONCE }));
      });
      await discard(at);
    },
    async abort(key, upload) {
      checkKey(key);
      const at = uploadAt(upload);
      if (at !== undefined) await discard(at);
    },
    async put(key, bytes) {
      await writeFile(pathOf(key), (file) => file.writeFile(bytes));
    },
    async read(key) {
      const file = await openIfThere(pathOf(key));
      if (!file) return undefined;
      const { size: bytes } = await file.stat();
      return { bytes, body: Readable.toWeb(file.createReadStream()) as ReadableStream<Uint8Array> };
    },
    async remove(keys) {
      for (const key of keys) await rm(pathOf(key), { force: true });
    },
    async link(key) {
      checkKey(key);
      return undefined;
    },
  };
}

const goneText = (upload: string): string => `there is no upload ${upload}`;

const gone = (upload: string): never => {
  throw new UploadGoneError(goneText(upload));
};

/** The files of these parts, if they are as they must be. */
async function partsOf(upload: string, parts: UploadedPart[]): Promise<string[]> {
  const files = parts.map(({ number, tag }) => join(upload, `${number}.${/^[0-9a-f]+$/.test(tag) ? tag : 'none'}`));
  for (const [at, file] of files.entries()) {
    const bytes = await sizeOf(file);
    if (bytes === undefined) throw new PartsError(`part ${parts[at]?.number} is not there, or has another tag`);
    if (bytes < LEAST_PART_BYTES && at < files.length - 1) throw new PartsError(`part ${parts[at]?.number} has ${bytes} bytes, fewer than ${LEAST_PART_BYTES}`);
  }
  return files;
}
