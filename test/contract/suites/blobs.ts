/** What every place for files must do: show them whole or not at all, and hold no more of them in memory than a part. */
import { createHash, randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { BlobKeyError, LEAST_PART_BYTES, MOST_PARTS, PartsError, UploadGoneError, type UploadedPart } from '../../../shared/ports/blobs.ts';
import { failureOf, type MakeWorld, type Stage, useStage } from './stage.ts';

const JSONL = 'application/jsonl';
const KEY = 'exports/proj_test/exp_1.jsonl';
const MB = 1024 * 1024;

export function describeBlobs(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: blobs`, () => {
    const stage = useStage(makeWorld);
    describe('files', () => describeFiles(stage));
    describe('uploads', () => describeUploads(stage));
    describe('large files', () => describeLarge(stage));
  });
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

/** A file's content; undefined when there is none. */
async function read({ world }: Stage, key = KEY): Promise<string | undefined> {
  const found = await world.blobs.read(key);
  if (!found) return undefined;
  const content = Buffer.from(await new Response(found.body).arrayBuffer());
  expect(content.length).toBe(found.bytes);
  return content.toString();
}

function describeFiles(stage: Stage): void {
  const put = (key: string, text: string) => stage.world.blobs.put(key, bytesOf(text), JSONL);

  it('are read as they were put, and anew when put again', async () => {
    for (const text of ['first', '', 'sécond\n\u0000']) {
      await put(KEY, text);
      expect(await read(stage)).toBe(text);
    }
  });

  it('are not there before they were put', async () => {
    await put('exports/a/b', 'x');
    for (const key of [KEY, 'exports/a/b2', 'exports/a/c', 'exports2/a/b']) expect(await read(stage, key)).toBeUndefined();
  });

  it('are gone when removed, and others are not', async () => {
    await put('exports/a/1', '1');
    await put('exports/a/2', '2');
    await stage.world.blobs.remove(['exports/a/1', 'exports/never/was']);
    await stage.world.blobs.remove([]);
    expect([await read(stage, 'exports/a/1'), await read(stage, 'exports/a/2')]).toEqual([undefined, '2']);
  });

  it('are still there after a restart', async () => {
    await put(KEY, 'here');
    await stage.reopen();
    expect(await read(stage)).toBe('here');
  });

  it('go on being read as they were when they are replaced meanwhile', async () => {
    await put(KEY, 'a'.repeat(3 * MB));
    const { body } = (await stage.world.blobs.read(KEY)) ?? {};
    const reader = body?.getReader();
    const first = await reader?.read();
    await put(KEY, 'b');
    let content = Buffer.from(first?.value ?? []).toString();
    for (let next = await reader?.read(); next?.value; next = await reader?.read()) content += Buffer.from(next.value).toString();
    expect(content.length).toBe(3 * MB);
    expect(content).not.toContain('b');
  });

  it('need not be read to their end', async () => {
    await put(KEY, 'x'.repeat(5 * MB));
    for (let n = 0; n < 50; n++) {
      const found = await stage.world.blobs.read(KEY);
      await found?.body.cancel();
    }
    expect((await read(stage))?.length).toBe(5 * MB);
  });

  it.each(['', '/', 'exports/', '/exports', 'exports//x', '..', '../x', 'exports/../../x', 'exports/..', 'exports/.', './x', '.half/x', '.uploads/x', 'exports/.x', 'exports\\..\\x', 'a\u0000b', 'exports/ü', 'a b', 'C:', '%2e%2e/x', '~', `${'a/'.repeat(8)}a`, 'x'.repeat(202)])(
    'have no key like %j',
    async (key) => {
      const { blobs } = stage.world;
      const attempts = [() => blobs.put(key, bytesOf('x'), JSONL), () => blobs.read(key), () => blobs.remove([key]), () => blobs.begin(key, JSONL), () => blobs.putPart(key, 'u', 1, bytesOf('x')), () => blobs.complete(key, 'u', [{ number: 1, tag: 'x' }]), () => blobs.abort(key, 'u'), () => blobs.link(key, 60, 'x')];
      for (const attempt of attempts) expect(await failureOf(attempt())).toBeInstanceOf(BlobKeyError);
    },
  );
}

function describeUploads(stage: Stage): void {
  const begin = () => stage.world.blobs.begin(KEY, JSONL);
  const putPart = async (upload: string, number: number, bytes: Uint8Array): Promise<UploadedPart> => ({ number, tag: await stage.world.blobs.putPart(KEY, upload, number, bytes) });
  const complete = (upload: string, parts: UploadedPart[]) => stage.world.blobs.complete(KEY, upload, parts);
  const full = (letter: string) => bytesOf(letter.repeat(LEAST_PART_BYTES));

  it('are seen by nobody until they are complete, and then whole, in the order of their numbers', async () => {
    const upload = await begin();
    const second = await putPart(upload, 2, full('b'));
    const last = await putPart(upload, 7, bytesOf('end'));
    const first = await putPart(upload, 1, full('a'));
    expect(await read(stage)).toBeUndefined();
    await complete(upload, [second, last, first]);
    expect(await read(stage)).toBe('a'.repeat(LEAST_PART_BYTES) + 'b'.repeat(LEAST_PART_BYTES) + 'end');
  });

  it('leave nothing to be read when the process ends between their parts, and can be gone on with', async () => {
    await stage.world.blobs.put(KEY, bytesOf('before'), JSONL);
    const upload = await begin();
    const first = await putPart(upload, 1, full('a'));
    await stage.reopen();
    expect(await read(stage)).toBe('before');
    const last = await putPart(upload, 2, bytesOf('end'));
    await complete(upload, [first, last]);
    expect((await read(stage))?.length).toBe(LEAST_PART_BYTES + 3);
  });

  it('take the last of several parts of one number', async () => {
    const upload = await begin();
    const old = await putPart(upload, 1, bytesOf('old'));
    const fresh = await putPart(upload, 1, bytesOf('fresh'));
    await complete(upload, [fresh]);
    expect(await read(stage)).toBe('fresh');
    expect(old.tag).not.toBe(fresh.tag);
  });

  it('may leave parts out', async () => {
    const upload = await begin();
    await putPart(upload, 1, bytesOf('not wanted'));
    await complete(upload, [await putPart(upload, 2, bytesOf('wanted'))]);
    expect(await read(stage)).toBe('wanted');
  });

  it('may be completed again', async () => {
    const upload = await begin();
    const parts = [await putPart(upload, 1, bytesOf('x'))];
    await complete(upload, parts);
    await complete(upload, parts);
    await stage.reopen();
    await complete(upload, parts);
    expect(await read(stage)).toBe('x');
  });

  it('are refused when their parts make no file, and can still be mended', async () => {
    const upload = await begin();
    const [small, large, other] = [await putPart(upload, 1, bytesOf('small')), await putPart(upload, 2, full('b')), await putPart(upload, 3, bytesOf('end'))];
    const wrong: UploadedPart[][] = [
      [],
      [small, large],
      [large, { ...other, number: 4 }],
      [large, { ...other, tag: small.tag }],
      [large, large],
      [{ number: 0, tag: small.tag }],
      [{ number: MOST_PARTS + 1, tag: small.tag }],
    ];
    for (const parts of wrong) expect(await failureOf(complete(upload, parts))).toBeInstanceOf(PartsError);
    expect(await read(stage)).toBeUndefined();
    await complete(upload, [large, other]);
    expect((await read(stage))?.endsWith('bend')).toBe(true);
  });

  it('are forgotten when they are aborted, be it twice', async () => {
    const upload = await begin();
    const part = await putPart(upload, 1, bytesOf('x'));
    for (let n = 0; n < 2; n++) await stage.world.blobs.abort(KEY, upload);
    for (const attempt of [() => putPart(upload, 2, bytesOf('x')), () => complete(upload, [part])]) expect(await failureOf(attempt())).toBeInstanceOf(UploadGoneError);
    expect(await read(stage)).toBeUndefined();
  });

  it.each(['', 'x', '../x', '00000000-0000-0000-0000-000000000000'])('that nobody has begun are gone: %j', async (upload) => {
    for (const attempt of [() => putPart(upload, 1, bytesOf('x')), () => complete(upload, [{ number: 1, tag: 'x' }])]) expect(await failureOf(attempt())).toBeInstanceOf(UploadGoneError);
    await stage.world.blobs.abort(KEY, upload);
  });

  it('of one file at the same time do not disturb each other', async () => {
    const uploads = await Promise.all([begin(), begin(), begin()]);
    const parts = await Promise.all(uploads.map((upload, n) => putPart(upload, 1, bytesOf(String(n)))));
    await Promise.all(uploads.map((upload, n) => complete(upload, parts.slice(n, n + 1))));
    expect(['0', '1', '2']).toContain(await read(stage));
  });
}

function describeLarge(stage: Stage): void {
  it('of 100 MB pass through with no more than a few in memory', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const inUse = () => (collect(), process.memoryUsage().arrayBuffers);
    const { blobs } = stage.world;
    const upload = await blobs.begin(KEY, JSONL);
    const written = createHash('sha256');
    const parts: UploadedPart[] = [];
    const before = inUse();
    let most = 0;
    for (let number = 1; number <= 20; number++) {
      const bytes = randomBytes(LEAST_PART_BYTES);
      written.update(bytes);
      parts.push({ number, tag: await blobs.putPart(KEY, upload, number, bytes) });
      most = Math.max(most, inUse() - before);
    }
    await blobs.complete(KEY, upload, parts);
    most = Math.max(most, inUse() - before);
    const found = await blobs.read(KEY);
    const seen = createHash('sha256');
    let [bytes, looked] = [0, 0];
    for await (const chunk of found?.body ?? []) {
      seen.update(chunk);
      bytes += chunk.byteLength;
      if (bytes - looked < 10 * MB) continue;
      looked = bytes;
      most = Math.max(most, inUse() - before);
    }
    expect([found?.bytes, bytes, seen.digest('hex')]).toEqual([100 * MB, 100 * MB, written.digest('hex')]);
    // Buffers are counted until they are swept, which takes its time.
    expect(most).toBeLessThan(50 * MB);
  });
}
