import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SearchIndex } from '../ports/search-index.ts';
import { makeLanceIndex } from '../search/lance-index.ts';

/** In a folder, which is made with the first addition. */
export const makeSearchIndex = (folder: string): SearchIndex =>
  makeLanceIndex({
    uri: folder,
    has: async (name) => existsSync(join(folder, name)),
    // Who writes at this moment may bring a folder back while it is being removed.
    removeAll: (name) => rm(join(folder, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }),
  });
