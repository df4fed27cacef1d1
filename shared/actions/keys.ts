/** API keys, as operators manage them: `npm run keys` and the keys function on AWS. */
import { randomBytes } from 'node:crypto';
import { type ApiKey, hashKey, newApiKey } from '../domain/api-key.ts';
import { create, remove } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

type Parts = Pick<World, 'store' | 'commit' | 'clock'>;

/** A new key for a project; the key itself is returned this once and never again. */
export async function createKey({ commit, clock }: Parts, projectId: string, name: string): Promise<{ key: string; record: ApiKey }> {
  const key = `sk-${randomBytes(24).toString('base64url')}`;
  const record = newApiKey(key, { projectId, name, createdAtMs: clock.nowMs() });
  await commit({ name: 'create-key', writes: [create('api_key', record)] });
  return { key, record };
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
