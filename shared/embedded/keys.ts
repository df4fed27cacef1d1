import { randomBytes } from 'node:crypto';
import { type ApiKey, DEFAULT_PROJECT, hashKey, keyHint } from '../domain/api-key.ts';
import type { Clock } from '../domain/clock.ts';
import { type Commit, ConflictError, create, remove } from '../ports/commit.ts';
import { type Store, keys } from '../ports/store.ts';
import type { Database } from './database.ts';

/** The key that a fresh data folder has, so that a first try needs no set-up. */
export const LOCAL_KEY = 'sk-local';

interface Parts {
  store: Store;
  commit: Commit;
  clock: Clock;
}

/** A new key for a project; the key itself is returned this once and never again. */
export async function createKey(parts: Parts, projectId: string, name: string): Promise<{ key: string; record: ApiKey }> {
  const key = `sk-${randomBytes(24).toString('base64url')}`;
  return { key, record: await storeKey(parts, key, projectId, name) };
}

async function storeKey({ commit, clock }: Parts, key: string, projectId: string, name: string): Promise<ApiKey> {
  const record: ApiKey = { id: hashKey(key), rev: 0, projectId, name, hint: keyHint(key), createdAtMs: clock.nowMs() };
  await commit({ name: 'create-key', writes: [create('api_key', record)] });
  return record;
}

export async function listKeys({ store }: Parts): Promise<ApiKey[]> {
  const { items } = await store.page('api_key', [], { order: 'asc', limit: 10_000 });
  return items.sort((a, b) => a.createdAtMs - b.createdAtMs);
}

/** Of an id, so that nothing is revoked by a slip. */
const SHORTEST_ID = 8;

/** Revokes the key that is given whole, or whose id begins with `which`. False when none or several match. */
export async function revokeKey(parts: Parts, which: string): Promise<boolean> {
  const exact = await parts.store.get(keys.apiKey(hashKey(which)));
  const isId = which.length >= SHORTEST_ID;
  const matches = exact ? [exact] : isId ? (await listKeys(parts)).filter((key) => key.id.startsWith(which)) : [];
  const [only] = matches;
  if (!only || matches.length !== 1) return false;
  await parts.commit({ name: 'revoke-key', writes: [remove('api_key', only)] });
  return true;
}

/** A folder that has never had a key gets the local one; one whose keys were all revoked does not get it back. */
export async function ensureLocalKey(db: Database, parts: Parts): Promise<void> {
  if (db.isInitialised) return;
  try {
    await storeKey(parts, LOCAL_KEY, DEFAULT_PROJECT, 'local');
  } catch (error) {
    // There already: from a start that was cut off right here, or from a process that opens the folder at the same time.
    if (!(error instanceof ConflictError)) throw error;
  }
  db.markInitialised();
}

export const hasLocalKey = async ({ store }: Parts): Promise<boolean> => (await store.get(keys.apiKey(hashKey(LOCAL_KEY)))) !== undefined;
