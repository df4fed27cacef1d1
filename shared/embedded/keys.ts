import { DEFAULT_PROJECT, hashKey, newApiKey } from '../domain/api-key.ts';
import { ConflictError, create } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import type { Database } from './database.ts';

/** The key that a fresh data folder has, so that a first try needs no set-up. */
export const LOCAL_KEY = 'sk-local';

/** A folder that has never had a key gets the local one; one whose keys were all revoked does not get it back. */
export async function ensureLocalKey(db: Database, { commit, clock }: Pick<World, 'commit' | 'clock'>): Promise<void> {
  if (db.isInitialised) return;
  const record = newApiKey(LOCAL_KEY, { projectId: DEFAULT_PROJECT, name: 'local', createdAtMs: clock.nowMs() });
  try {
    await commit({ name: 'create-key', writes: [create('api_key', record)] });
  } catch (error) {
    // There already: from a start that was cut off right here, or from a process that opens the folder at the same time.
    if (!(error instanceof ConflictError)) throw error;
  }
  db.markInitialised();
}

export const hasLocalKey = async ({ store }: Pick<World, 'store'>): Promise<boolean> => (await store.get(keys.apiKey(hashKey(LOCAL_KEY)))) !== undefined;
