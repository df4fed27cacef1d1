import { describe, expect, test } from '@jest/globals';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from '../../support/scripted-model.ts';
import { type Stage, all, eventually, ids, pageIds } from '../stage.ts';

/** Not of the letters that a boundary has, and longer than what is put away at once. */
const LARGE = Buffer.alloc(9 * 1024 * 1024 + 1, 'Ω\r\n--');
const named = (content: string | Buffer, name: string) => new File([content], name);

export function files(use: () => Stage): void {
  describe('files', () => {
    test('come as streams, as files and as bytes, and are what they were', async () => {
      const stage = use();
      const { client } = stage;
      const folder = await mkdtemp(join(tmpdir(), 'threadkeep-files-'));
      const path = join(folder, 'fävourite foods.txt');
      await writeFile(path, 'Blue cheese.');

      // By the client's own way to send, whose forms are not the same as those of Node's.
      const plain = stage.sdk.connect({ baseURL: stage.server.baseUrl, apiKey: stage.server.key, maxRetries: 0 });

      const streamed = await plain.files.create({ file: createReadStream(path), purpose: 'assistants' });
      const given = await client.files.create({ file: named('{"a":1}\n', 'a.jsonl'), purpose: 'batch' });
      const made = await client.files.create({ file: await stage.sdk.toFile(Buffer.from([0, 1, 2, 255]), 'four.bin'), purpose: 'vision' });
      await rm(folder, { recursive: true });

      expect(streamed).toEqual({ id: expect.stringMatching(/^file-/), object: 'file', purpose: 'assistants', filename: 'fävourite foods.txt', bytes: 12, created_at: expect.any(Number), expires_at: null, status: 'processed', status_details: null });
      expect([given.filename, given.bytes, made.filename, made.bytes]).toEqual(['a.jsonl', 8, 'four.bin', 4]);
      expect(await client.files.retrieve(streamed.id)).toEqual(streamed);
      expect(await client.files.waitForProcessing(made.id)).toEqual(made);
      expect(await (await client.files.content(given.id)).text()).toBe('{"a":1}\n');
      const content = await client.files.content(made.id);
      expect([...new Uint8Array(await content.arrayBuffer())]).toEqual([0, 1, 2, 255]);
      expect(content.headers.get('content-type')).toBe('application/octet-stream');
      expect(content.headers.get('content-disposition')).toContain('filename="four.bin"');
    });

    test('that are images are shown to the model when a message names them; of others it is told that it cannot see them', async () => {
      const stage = use();
      const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(16, 1)]);
      const image = await stage.client.files.create({ file: named(png, 'dot.png'), purpose: 'vision' });
      const none = await stage.client.files.create({ file: named('no image', 'none.png'), purpose: 'vision' });
      const { assistant_id, thread_id } = await stage.newPair({}, 'Hello');
      const parts = [image, none].map(({ id }) => ({ type: 'image_file' as const, image_file: { file_id: id, detail: 'low' as const } }));
      await stage.messages.create(thread_id, { role: 'user', content: [{ type: 'text', text: 'What is this?' }, ...parts] });
      stage.model.script(text('A dot.'));
      expect((await stage.runs.createAndPoll(thread_id, { assistant_id })).status).toBe('completed');
      expect(stage.model.requests.at(-1)?.body.messages.at(-1)?.content).toEqual([
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${png.toString('base64')}`, detail: 'low' } },
        { type: 'text', text: `(An image, ${none.id}, was sent here and cannot be shown to you.)` },
      ]);
    });

    test('that are large or empty come whole', async () => {
      const { client } = use();

      const large = await client.files.create({ file: named(LARGE, 'large.bin'), purpose: 'fine-tune' });
      const empty = await client.files.create({ file: named('', 'empty.txt'), purpose: 'fine-tune' });

      expect([large.bytes, empty.bytes]).toEqual([LARGE.byteLength, 0]);
      expect(LARGE.equals(Buffer.from(await (await client.files.content(large.id)).arrayBuffer()))).toBe(true);
      expect((await (await client.files.content(empty.id)).arrayBuffer()).byteLength).toBe(0);
    });

    test('are listed by purpose and in pages', async () => {
      const stage = use();
      const { client } = stage;
      const [a, b, c] = [await one(stage, 'evals'), await one(stage, 'user_data'), await one(stage, 'evals')];

      expect(await pageIds(client.files.list({ purpose: 'evals', limit: 2 }))).toEqual([c.id, a.id]);
      expect(ids(await all(client.files.list({ purpose: 'evals', limit: 1, order: 'asc', after: a.id })))).toEqual([c.id]);
      expect((await pageIds(client.files.list())).slice(0, 3)).toEqual([c.id, b.id, a.id]);
      expect(await pageIds(client.files.list({ purpose: 'assistants_output' }))).toEqual([]);
      expect((await stage.failure(Promise.resolve(client.files.list({ limit: 10_001 })))).message).toBe("Invalid 'limit': integer above maximum value. Expected a value <= 10000, but got 10001 instead.");
    });

    test('are gone when they are deleted', async () => {
      const stage = use();
      const { client } = stage;
      const { id } = await one(stage, 'vision');

      expect(await client.files.delete(id)).toEqual({ id, object: 'file', deleted: true });

      for (const call of [() => client.files.retrieve(id), () => client.files.delete(id), () => client.files.content(id), () => client.files.retrieve('fake_id')]) {
        const { error, ...failure } = await stage.failure(Promise.resolve(call()));
        expect(error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
        expect(failure).toMatchObject({ status: 404, message: expect.stringMatching(/^No such File object: (file-|fake_id)/), param: 'id', code: null, type: 'invalid_request_error' });
      }
    });

    test('that were uploaded to be searched are not given out', async () => {
      const stage = use();
      const { id } = await one(stage, 'assistants');

      const { error, ...failure } = await stage.failure(stage.client.files.content(id));

      expect(error).toBeInstanceOf(stage.sdk.errors.BadRequestError);
      expect(failure).toMatchObject({ message: 'Not allowed to download files of purpose: assistants', param: null, code: null });
    });

    test('of purposes that there are not are refused', async () => {
      const stage = use();

      const failure = await stage.failure(stage.client.files.create({ file: named('x', 'x.txt'), purpose: 'x' as 'vision' }));

      expect(failure).toMatchObject({ status: 400, message: "'x' is not one of ['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals'] - 'purpose'", param: 'purpose', code: null });
    });

    test('with an Idempotency-Key are made once', async () => {
      const stage = use();
      const headers = { 'Idempotency-Key': `file-${Math.random()}` };
      const send = (content: string | Buffer) => stage.client.files.create({ file: named(content, 'once.txt'), purpose: 'vision' }, { headers });

      const first = await send(LARGE);
      expect(await send(LARGE)).toEqual(first);
      expect(await stage.failure(send('another'))).toMatchObject({ status: 400, code: 'idempotency_key_reused' });
      const same = (await all(stage.client.files.list({ purpose: 'vision' }))).filter(({ filename }) => filename === 'once.txt');
      expect(ids(same)).toEqual([first.id]);
    });
  });
}

export function fileExpiry(use: () => Stage): void {
  test('a file is gone when its time has come', async () => {
    const stage = use();
    const { client } = stage;
    const file = await client.files.create({ file: named('soon', 'soon.txt'), purpose: 'vision', expires_after: { anchor: 'created_at', seconds: 3600 } });
    expect(file.expires_at).toBe(file.created_at + 3600);
    await stage.server.jump(3_599_000);
    expect((await client.files.retrieve(file.id)).id).toBe(file.id);

    await stage.server.jump(2000);

    expect(await stage.failure(client.files.retrieve(file.id))).toMatchObject({ status: 404 });
    expect(await pageIds(client.files.list())).not.toContain(file.id);
    await eventually('its content cannot be read', async () => ((await stage.failure(client.files.content(file.id))).status === 404 ? true : undefined));
  });
}

const one = ({ client }: Stage, purpose: 'vision' | 'evals' | 'user_data' | 'assistants') => client.files.create({ file: named('x', 'x.txt'), purpose: purpose });
