/** What every key ring must do: a key is shown once and kept as a digest, belongs to one project, and is gone when revoked. */
import { describe, expect, it } from '@jest/globals';
import { type ApiKey, hashKey } from '../../../shared/domain/api-key.ts';
import { keys } from '../../../shared/ports/store.ts';
import { anApiKey } from '../../support/records.ts';
import { type ContractWorld, useStage } from './stage.ts';

export interface KeyRing {
  create(projectId: string, name: string): Promise<{ key: string; record: ApiKey }>;
  list(): Promise<ApiKey[]>;
  revoke(which: string): Promise<boolean>;
}

export function describeKeys(name: string, makeWorld: () => Promise<ContractWorld>, ringOf: (world: ContractWorld) => KeyRing): void {
  describe(`${name}: keys`, () => {
    const stage = useStage(makeWorld);
    const ring = () => ringOf(stage.world);
    const find = (key: string) => stage.world.store.get(keys.apiKey(hashKey(key)));

    it('makes a key that is found by its digest and belongs to its project', async () => {
      const { key, record } = await ring().create('proj_a', 'laptop');
      expect(await find(key)).toStrictEqual(record);
      expect(record).toMatchObject({ id: hashKey(key), projectId: 'proj_a', name: 'laptop', rev: 0, createdAtMs: stage.world.clock.nowMs() });
    });

    it('makes keys that look like keys and are never the same', async () => {
      const made = await Promise.all(Array.from({ length: 50 }, () => ring().create('proj_a', '')));
      for (const { key } of made) expect(key).toMatch(/^sk-[A-Za-z0-9_-]{32,}$/);
      expect(new Set(made.map(({ key }) => key)).size).toBe(50);
    });

    it('keeps nothing from which the key could be read', async () => {
      const { key, record } = await ring().create('proj_a', 'laptop');
      const kept = JSON.stringify([record, ...(await ring().list())]);
      expect(kept).not.toContain(key);
      // The hint shows a few characters to people, far too few to guess the rest from.
      const secret = key.slice('sk-'.length);
      for (let at = 0; at + 8 <= secret.length; at++) expect(kept).not.toContain(secret.slice(at, at + 8));
    });

    it('lists all keys of all projects, oldest first', async () => {
      const fresh = await ring().list();
      const made: ApiKey[] = [];
      for (const project of ['proj_b', 'proj_a', 'proj_c']) {
        await stage.world.pass(1000);
        made.push((await ring().create(project, `of ${project}`)).record);
      }
      expect(await ring().list()).toStrictEqual([...fresh, ...made]);
    });

    it('revokes a key that is given whole', async () => {
      const [mine, other] = [await ring().create('proj_a', ''), await ring().create('proj_a', '')];
      expect(await ring().revoke(mine.key)).toBe(true);
      expect(await find(mine.key)).toBeUndefined();
      expect(await find(other.key)).toStrictEqual(other.record);
      expect(await ring().revoke(mine.key)).toBe(false);
    });

    it('revokes a key by the beginning of its id, when that is long enough and means one key', async () => {
      const alike = '0123456789ab';
      const [one, other] = [anApiKey({ id: alike.padEnd(64, 'c') }), anApiKey({ id: alike.padEnd(64, 'd') })];
      await stage.put('api_key', one, other);
      const all = await ring().list();
      for (const which of ['', one.id.slice(0, 1), alike, `${alike}e`]) expect(await ring().revoke(which)).toBe(false);
      expect(await ring().list()).toStrictEqual(all);
      expect(await ring().revoke(`${alike}c`)).toBe(true);
      expect(await ring().list()).toStrictEqual(all.filter(({ id }) => id !== one.id));
    });

    it('revokes nothing that is not there', async () => {
      const { key } = await ring().create('proj_a', '');
      const before = await ring().list();
      for (const which of ['sk-unknown', 'zzz', `${key}x`, key.slice(0, -1), '%']) expect(await ring().revoke(which)).toBe(false);
      expect(await ring().list()).toStrictEqual(before);
    });

    it('keeps keys, and what was revoked revoked, over a restart', async () => {
      const [kept, revoked] = [await ring().create('proj_a', ''), await ring().create('proj_a', '')];
      await ring().revoke(revoked.key);
      await stage.reopen();
      expect(await find(kept.key)).toStrictEqual(kept.record);
      expect(await find(revoked.key)).toBeUndefined();
    });
  });
}
