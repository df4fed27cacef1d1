import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDER_MODE } from '../files.ts';

/** Removes a folder and all that code has left in it, folders that it had closed to everybody too. */
export function wipe(folder: string): void {
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    remove();
  } catch {
    unlock(folder);
    remove();
  }
}

function unlock(folder: string): void {
  chmodSync(folder, FOLDER_MODE);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (lstatSync(path).isDirectory()) unlock(path);
  }
}
