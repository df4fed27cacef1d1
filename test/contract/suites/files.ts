/** Files from their requests to their end, on whatever engine keeps them: what is read is what was sent, and nothing stays behind. */
import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createKey } from '../../../shared/actions/keys.ts';
import { reapRemoved } from '../../../shared/actions/reap-removed.ts';
import { INCOMING_KEPT_MS, UPLOAD_WINDOW_MS } from '../../../shared/domain/upload.ts';
import { RunSignals } from '../../../shared/engine/run-signals.ts';
import { makeApp } from '../../../shared/http/app.ts';
import { keys } from '../../../shared/ports/store.ts';
import type { World } from '../../../shared/ports/world.ts';
import type { WireFile } from '../../../shared/wire/file.ts';
import type { WireUpload, WireUploadPart } from '../../../shared/wire/upload.ts';
import { PROJECT } from '../../support/records.ts';
import { type ContractWorld, useStage } from './stage.ts';

/** Put away in three pieces. */
const LARGE = Buffer.alloc(17 * 1024 * 1024 + 1, 'Ω\r\n--');
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export function describeFiles<W extends ContractWorld>(name: string, makeWorld: () => Promise<W>, worldOf: (stage: W) => World): void {
  describe(`${name}: a file`, () => {
    const stage = useStage(makeWorld);
    const open = () => worldOf(stage.world as W);

    async function client(world: World) {
      const app = makeApp({ world, signals: new RunSignals(), maxBodyBytes: 65_536, corsOrigins: [] });
      const { key } = await createKey(world, PROJECT, '');
      return async <T>(method: string, path: string, body?: object): Promise<{ status: number; body: T }> => {
        const headers = { authorization: `Bearer ${key}`, 'idempotency-key': `${method} ${path} ${Math.random()}` };
        const response = await app.request(`/v1${path}`, { method, headers, ...(body && { body: body instanceof FormData ? body : JSON.stringify(body) }) });
        return { status: response.status, body: (await response.json()) as T };
      };
    }

    const form = (fields: Record<string, string | Buffer>) => {
      const data = new FormData();
      for (const [field, value] of Object.entries(fields)) data.set(field, typeof value === 'string' ? value : new File([new Uint8Array(value)], 'ü.bin'));
      return data;
    };
    /** Where the content of all files is, read beside the API. */
    const piecesOf = async (world: World, id: string) => (await world.store.get(keys.file(PROJECT, id)))?.pieces ?? [];
    const bytesAt = async (world: World, key: string) => Buffer.from(await new Response((await world.blobs.read(key))?.body).arrayBuffer());
    const isThere = async (world: World, key: string) => {
      const blob = await world.blobs.read(key);
      await blob?.body.cancel();
      return blob !== undefined;
    };
    const reaping = (world: World) =>
      stage.follow(async (event) => {
        if (event.type === 'removed') await reapRemoved(world, event);
      });
    const until = async (what: string, isSo: () => Promise<boolean>) => {
      for (let looks = 0; !(await isSo()); looks++) {
        if (looks === 1000) throw new Error(`waited in vain until ${what}`);
        await stage.world.pass(1000);
      }
    };

    it('is what was sent, in one request or in parts, until it is deleted', async () => {
      const world = open();
      const ask = await client(world);
      reaping(world);
      const large = (await ask<WireFile>('POST', '/files', form({ file: LARGE, purpose: 'vision' }))).body;
      const upload = (await ask<WireUpload>('POST', '/uploads', { filename: 'p', purpose: 'vision', bytes: 3, mime_type: 'a/b' })).body;
      const parts = await Promise.all(['c', 'ab', 'x'].map((text) => ask<WireUploadPart>('POST', `/uploads/${upload.id}/parts`, form({ data: Buffer.from(text) }))));
      const [c, ab] = parts.map(({ body }) => body.id);
      const done = (await ask<WireUpload>('POST', `/uploads/${upload.id}/complete`, { part_ids: [ab, c], md5: '900150983cd24fb0d6963f7d28e17f72' })).body;
      const inParts = done.file?.id ?? '';
      expect([large.bytes, large.filename, done.status]).toEqual([LARGE.byteLength, 'ü.bin', 'completed']);

      const [whole, ...others] = await piecesOf(world, large.id);
      expect([digest(await bytesAt(world, whole?.key ?? '')), others]).toEqual([digest(LARGE), []]);
      const pieces = await piecesOf(world, inParts);
      expect(Buffer.concat(await Promise.all(pieces.map(({ key }) => bytesAt(world, key)))).toString()).toBe('abc');
      const all = await world.store.page('upload_part', [PROJECT, upload.id], { order: 'asc', limit: 10 });
      const unwanted = all.items.map(({ key }) => key).filter((key) => !pieces.some((piece) => piece.key === key));
      expect(unwanted).toHaveLength(1);

      // The upload's time is over: what its file is not made of goes.
      await stage.world.pass(2 * UPLOAD_WINDOW_MS + 1000);
      await stage.world.sweep();
      await until('the parts are no longer known', async () => (await world.store.page('upload_part', [PROJECT, upload.id], { order: 'asc', limit: 1 })).items.length === 0);
      expect(await isThere(world, unwanted[0] ?? '')).toBe(false);
      expect((await bytesAt(world, pieces[0]?.key ?? '')).toString()).toBe('ab');

      for (const id of [large.id, inParts]) expect((await ask('DELETE', `/files/${id}`)).body).toEqual({ id, object: 'file', deleted: true });
      expect((await ask('GET', `/files/${large.id}`)).status).toBe(404);
      for (const { key } of [...(whole ? [whole] : []), ...pieces]) await until(`${key} is gone`, async () => !(await isThere(world, key)));
    });

    it('that half came in is removed when its time is over', async () => {
      const world = open();
      const arrived = Promise.withResolvers<string>();
      // As a process that dies when it has put away the first pieces.
      const dying: World = { ...world, blobs: { ...world.blobs, complete: (key) => (arrived.resolve(key), new Promise(() => undefined)) } };
      const ask = await client(dying);
      void ask('POST', '/files', form({ file: LARGE, purpose: 'vision' }));
      const key = await arrived.promise;
      expect((await world.store.page('file', [PROJECT], { order: 'asc', limit: 1 })).items).toEqual([]);
      const [upload] = (await world.store.page('upload', [PROJECT], { order: 'asc', limit: 2 })).items;
      expect(upload).toMatchObject({ status: 'incoming', key, multipart: expect.any(String) });

      const aborted: string[] = [];
      reaping({ ...world, blobs: { ...world.blobs, abort: async (where, multipart) => (aborted.push(where), world.blobs.abort(where, multipart)) } });
      await stage.world.pass(INCOMING_KEPT_MS + 1000);
      await stage.world.sweep();
      await until('it has been taken back', async () => aborted.length > 0);
      expect(aborted[0]).toBe(key);
    });
  });
}
