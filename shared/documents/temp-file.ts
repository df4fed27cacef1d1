/** Files without a name: nothing of them is left when their process is gone, however it went. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = 'document-';
const PART_BYTES = 65_536;

/** Makes the folder, and removes what a process left there that was killed between making a file and taking its name away. */
export function clearFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) if (name.startsWith(PREFIX)) rmSync(join(folder, name), { force: true });
}

/** Open for reading and writing by this process and those that it hands it to, and by nobody else. */
export async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `${PREFIX}${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  // Whoever clears the folder may have been faster.
  await rm(path, { force: true });
  return file;
}

/** From its beginning to its end, wherever the file's own position is. */
export async function* readAll(file: FileHandle): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PART_BYTES), 0, PART_BYTES, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
