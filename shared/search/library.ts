/** LanceDB, loaded when a file is first indexed or searched: it is 150 MB of native code that not every platform has. */
import type * as Arrow from 'apache-arrow';
import type * as Lance from '@lancedb/lancedb';
import { setForLance } from './env.ts';

export interface Library {
  lance: typeof Lance;
  arrow: typeof Arrow;
}

/** File search is not to be had on this machine; everything else is. */
export class NoLibraryError extends Error {
  constructor(cause: unknown) {
    super(`file search needs LanceDB, which has no build that loads on ${process.platform} ${process.arch}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'NoLibraryError';
  }
}

let loaded: Promise<Library> | undefined;

export function loadLibrary(): Promise<Library> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Library> {
  setForLance();
  try {
    const [lance, arrow] = await Promise.all([import('@lancedb/lancedb'), import('apache-arrow')]);
    return { lance, arrow };
  } catch (cause) {
    throw new NoLibraryError(cause);
  }
}
