/** Files and folders that are still there after a power cut. */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';

/** What is kept is nobody's business but the owner's. */
export const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** The new file gets its name when it is whole and on disk, in the place of one that had it; until then it is in `half`. */
export async function writeDurably(half: string, path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const name = join(half, randomUUID());
  try {
    const file = await open(name, 'wx', FILE_MODE);
    try {
      await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(name, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(name, { force: true });
    throw error;
  }
}

/** The folder and all above it that do not exist. */
export async function makeFolders(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first) return;
  }
}

/** Windows opens no folders, and needs none synced. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Undefined when there is no such file. */
export const openIfThere = (path: string): Promise<FileHandle | undefined> => orUndefined(open(path, 'r'));

/** Bytes of a file; undefined when there is none. */
export const sizeOf = async (path: string): Promise<number | undefined> => (await orUndefined(stat(path)))?.size;

/** Removes what is in a folder and has not been touched since `beforeMs`. */
export async function removeOlder(folder: string, beforeMs: number): Promise<void> {
  for (const name of (await orUndefined(readdir(folder))) ?? []) {
    const found = await orUndefined(stat(join(folder, name)));
    if (found && found.mtimeMs < beforeMs) await rm(join(folder, name), { recursive: true, force: true });
  }
}

export const isMissing = (error: unknown): boolean => (error as { code?: string }).code === 'ENOENT';

async function orUndefined<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
