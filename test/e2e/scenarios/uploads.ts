import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { Stage } from '../stage.ts';

const PARTS = ['Once upon ', 'a time, ', 'in parts.'];
const WHOLE = PARTS.join('');
const part = (content: string) => new File([content], 'blob');
const announced = (bytes = WHOLE.length) => ({ filename: 'täle.txt', purpose: 'vision' as const, bytes, mime_type: 'text/plain' });

export function uploads(use: () => Stage): void {
  describe('uploads', () => {
    /** An upload with these parts, sent at once. */
    const begun = async ({ client }: Stage, contents = PARTS) => {
      const upload = await client.uploads.create(announced());
      const parts = await Promise.all(contents.map((content) => client.uploads.parts.create(upload.id, { data: part(content) })));
      return { upload, part_ids: parts.map(({ id }) => id) };
    };

    test('become files, of their parts in the order that is said', async () => {
      const stage = use();
      const { client } = stage;
      const { upload, part_ids } = await begun(stage, ['in parts.', 'not wanted', 'Once upon ', 'a time, ']);
      expect(upload).toEqual({ id: expect.stringMatching(/^upload_/), object: 'upload', bytes: WHOLE.length, created_at: expect.any(Number), filename: 'täle.txt', purpose: 'vision', status: 'pending', expires_at: upload.created_at + 3600, file: null });
      const [last, , first, second] = part_ids as [string, string, string, string];
      const md5 = createHash('md5').update(WHOLE).digest('hex');

      const done = await client.uploads.complete(upload.id, { part_ids: [first, second, last], md5 });

      expect(done).toMatchObject({ id: upload.id, status: 'completed', file: { object: 'file', filename: 'täle.txt', bytes: WHOLE.length, purpose: 'vision', status: 'processed' } });
      const { id } = done.file as { id: string };
      expect(await client.files.retrieve(id)).toEqual(done.file);
      const content = await client.files.content(id);
      // API Gateway sends it in pieces, and says no length.
      expect(content.headers.get('content-length') ?? String(WHOLE.length)).toBe(String(WHOLE.length));
      expect(await content.text()).toBe(WHOLE);
      // A second time it is the same.
      expect(await client.uploads.complete(upload.id, { part_ids: [first, second, last] })).toEqual(done);
    });

    test('whose parts are not what was announced do not become files', async () => {
      const stage = use();
      const { upload, part_ids } = await begun(stage);
      const completing = (ids: string[], md5?: string) => stage.failure(stage.client.uploads.complete(upload.id, { part_ids: ids, ...(md5 !== undefined && { md5 }) }));
      const [a, b, c] = part_ids as [string, string, string];

      expect(await completing([a, b])).toMatchObject({ status: 400, param: 'part_ids', message: `The parts have 18 bytes in all, but the upload was announced with ${WHOLE.length} bytes.` });
      expect(await completing([a, b, a])).toMatchObject({ status: 400, param: 'part_ids[2]', message: `Invalid 'part_ids': part '${a}' is named twice.` });
      expect(await completing([a, 'part_x', c])).toMatchObject({ status: 400, param: 'part_ids[1]', message: `No part found with id 'part_x' in upload '${upload.id}'.` });
      expect(await completing(part_ids, '0'.repeat(32))).toMatchObject({ status: 400, param: 'md5', message: expect.stringMatching(/^The parts' MD5 checksum is '[0-9a-f]{32}', not '0{32}'\.$/) });
      expect(await completing(part_ids, 'x')).toMatchObject({ status: 400, param: 'md5', code: 'invalid_value' });

      // None of which has spoilt it.
      expect(await stage.client.uploads.complete(upload.id, { part_ids })).toMatchObject({ status: 'completed' });
    });

    test('can be cancelled, and then nothing more can be done with them', async () => {
      const stage = use();
      const { client } = stage;
      const { upload, part_ids } = await begun(stage);

      expect(await client.uploads.cancel(upload.id)).toEqual({ ...upload, status: 'cancelled' });

      expect(await stage.failure(client.uploads.parts.create(upload.id, { data: part('x') }))).toMatchObject({ status: 400, message: "Cannot add parts to upload with status 'cancelled'.", param: null, code: null });
      expect(await stage.failure(client.uploads.complete(upload.id, { part_ids }))).toMatchObject({ status: 400, message: "Cannot complete upload with status 'cancelled'." });
      expect(await stage.failure(client.uploads.cancel(upload.id))).toMatchObject({ status: 400, message: "Cannot cancel upload with status 'cancelled'." });
      const done = await begun(stage);
      await client.uploads.complete(done.upload.id, { part_ids: done.part_ids });
      expect(await stage.failure(client.uploads.cancel(done.upload.id))).toMatchObject({ status: 400, message: "Cannot cancel upload with status 'completed'." });
    });

    test('are refused when there are none, and when they would be too large', async () => {
      const stage = use();
      const { client } = stage;

      expect(await stage.failure(client.uploads.cancel('upload_x'))).toMatchObject({ status: 404, message: "No upload found with id 'upload_x'." });
      expect(await stage.failure(client.uploads.parts.create('upload_x', { data: part('x') }))).toMatchObject({ status: 404 });
      expect(await stage.failure(client.uploads.complete('x', { part_ids: [] }))).toMatchObject({ status: 400, message: "Invalid 'upload_id': 'x'. Expected an ID that begins with 'upload'." });
      expect(await stage.failure(client.uploads.create(announced(8 * 1024 ** 3 + 1)))).toMatchObject({ status: 400, param: 'bytes', code: 'integer_above_max_value' });
      expect(await stage.failure(client.uploads.create({ ...announced(), purpose: 'x' as 'vision' }))).toMatchObject({ status: 400, param: 'purpose', code: null });
    });

    test('with an Idempotency-Key are made once', async () => {
      const { client } = use();
      const headers = { 'Idempotency-Key': `upload-${Math.random()}` };

      const first = await client.uploads.create(announced(), { headers });

      expect(await client.uploads.create(announced(), { headers })).toEqual(first);
    });
  });
}

export function uploadExpiry(use: () => Stage): void {
  test('an upload that is not completed within its hour expires', async () => {
    const stage = use();
    const { client } = stage;
    const upload = await client.uploads.create({ ...announced(1), expires_after: { anchor: 'created_at', seconds: 7200 } });
    const late = await client.uploads.create(announced(1));
    const { id } = await client.uploads.parts.create(upload.id, { data: part('x') });
    await stage.server.jump(3_599_000);
    const done = await client.uploads.complete(upload.id, { part_ids: [id] });
    // The file's own time counts from its own making.
    expect(done.file?.expires_at).toBe((done.file?.created_at ?? 0) + 7200);

    await stage.server.jump(2000);

    expect(await stage.failure(client.uploads.parts.create(late.id, { data: part('x') }))).toMatchObject({ status: 400, message: "Cannot add parts to upload with status 'expired'." });
    expect(await stage.failure(client.uploads.complete(late.id, { part_ids: [] }))).toMatchObject({ status: 400, message: "Cannot complete upload with status 'expired'." });
    expect(await stage.failure(client.uploads.cancel(late.id))).toMatchObject({ status: 400, message: "Cannot cancel upload with status 'expired'." });
  });
}
