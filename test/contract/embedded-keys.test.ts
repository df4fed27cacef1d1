/** The key that a fresh data folder has, and only that one. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DEFAULT_PROJECT, hashKey } from '../../shared/domain/api-key.ts';
import { openDatabase } from '../../shared/embedded/database.ts';
import { openKeyRing } from '../../shared/embedded/index.ts';
import { createKey, listKeys, revokeKey } from '../../shared/actions/keys.ts';
import { hasLocalKey, LOCAL_KEY } from '../../shared/embedded/keys.ts';
import { ManualClock, START_MS } from '../support/manual-clock.ts';
import { newFolder, openFolder } from './embedded-world.ts';

let folder: string;
const clock = new ManualClock();
beforeEach(() => {
  folder = newFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

const names = async (): Promise<string[]> => {
  const ring = await openKeyRing(folder, clock);
  const list = await listKeys(ring);
  ring.close();
  return list.map(({ name }) => name);
};

it.each(['the server', 'the keys command'])('a fresh folder has sk-local for the default project, whoever opens it first: %s', async (opener) => {
  const first = opener === 'the server' ? await openFolder(folder, clock) : await openKeyRing(folder, clock);
  const [only, ...others] = await listKeys(first);
  expect(only).toStrictEqual({ id: hashKey('sk-local'), rev: 0, projectId: DEFAULT_PROJECT, name: 'local', hint: 'sk-local', createdAtMs: START_MS });
  expect(others).toEqual([]);
  expect([LOCAL_KEY, await hasLocalKey(first)]).toEqual(['sk-local', true]);
  first.close();
});

it('it is made once, not at every start', async () => {
  for (let start = 0; start < 3; start++) expect(await names()).toEqual(['local']);
});

it('it does not come back when it was revoked, be it the last or not', async () => {
  const ring = await openKeyRing(folder, clock);
  await createKey(ring, 'proj_a', 'mine');
  expect(await revokeKey(ring, 'sk-local')).toBe(true);
  expect(await hasLocalKey(ring)).toBe(false);
  expect(await revokeKey(ring, (await listKeys(ring))[0]?.id ?? '')).toBe(true);
  ring.close();
  expect(await names()).toEqual([]);
  const world = await openFolder(folder, clock);
  expect(await hasLocalKey(world)).toBe(false);
  world.close();
});

it('it is made at the next start when the first one died before it could', async () => {
  // What a kill right after the tables were made leaves.
  openDatabase(folder).close();
  expect(await names()).toEqual(['local']);
});

it('it is made once when server and keys command come first at the same time', async () => {
  const openers = await Promise.all([openFolder(folder, clock), openKeyRing(folder, clock), openKeyRing(folder, clock)]);
  expect((await listKeys(openers[0])).map(({ name }) => name)).toEqual(['local']);
  for (const opener of openers) opener.close();
});
