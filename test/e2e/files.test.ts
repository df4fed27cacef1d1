/** Files and parts by hand: what the official clients do not send, and what is left of it. */
import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openai7 } from './clients/openai-7.ts';
import { type ErrorBody, LOCAL_KEY, type Stage, eventually, useStage } from './stage.ts';

const MB = 1024 * 1024;
const use = useStage(openai7);

const part = (disposition: string, content: string | Buffer) => Buffer.concat([Buffer.from(`--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')]);
const FILE = part('name="file"; filename="a.txt"', 'Hello');
const PURPOSE = part('name="purpose"', 'vision');
const END = Buffer.from('--b--\r\n');

type Body = string | Buffer | ReadableStream;

async function send({ server }: Stage, path: string, body: Body, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.baseUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'multipart/form-data; boundary=b', ...headers },
    body,
    duplex: 'half',
  });
  return { status: response.status, body: (await response.json()) as ErrorBody & { id: string; filename: string; bytes: number; expires_at: number | null; created_at: number } };
}

/** Every file of the blob store. */
async function blobs(stage: Stage): Promise<string[]> {
  const folder = join((stage.server as { dataDir?: string }).dataDir ?? '', 'blobs');
  // What is being removed may be gone before it is looked into.
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (!found) return blobs(stage);
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
}

/** A form whose file has so many bytes, sent as it is made. */
function* longForm(bytes: number, end: Buffer = Buffer.concat([Buffer.from('\r\n'), PURPOSE, END])): Generator<Buffer> {
  yield Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="long.bin"\r\n\r\n');
  const chunk = Buffer.alloc(MB, 'x');
  for (let left = bytes; left > 0; left -= MB) yield left >= MB ? chunk : chunk.subarray(0, left);
  yield end;
}

describe('a file', () => {
  test('is taken whatever the order of its form, with its length or without', async () => {
    const stage = use();

    const first = await send(stage, '/files', Buffer.concat([FILE, PURPOSE, END]));
    const second = await send(stage, '/files', ReadableStream.from([PURPOSE, FILE, END]));

    expect([first, second]).toMatchObject([{ status: 200, body: { filename: 'a.txt', bytes: 5 } }, { status: 200, body: { filename: 'a.txt', bytes: 5 } }]);
  });

  test('may say when it expires', async () => {
    const expires = (seconds: string, anchor = 'created_at') => [part('name="expires_after[seconds]"', seconds), part('name="expires_after[anchor]"', anchor)];
    const stage = use();

    const { body } = await send(stage, '/files', Buffer.concat([FILE, ...expires('3600'), PURPOSE, END]));
    const refused = await Promise.all([expires('3599'), expires('2592001'), expires('soon'), expires('3600', 'now'), expires('3600').slice(0, 1)].map((fields) => send(stage, '/files', Buffer.concat([FILE, PURPOSE, ...fields, END]))));

    expect(body.expires_at).toBe(body.created_at + 3600);
    expect(refused.map((answer) => [answer.status, answer.body.error.param, answer.body.error.code])).toEqual([
      [400, 'expires_after.seconds', 'integer_below_min_value'],
      [400, 'expires_after.seconds', 'integer_above_max_value'],
      [400, 'expires_after.seconds', 'invalid_type'],
      [400, 'expires_after.anchor', 'invalid_value'],
      [400, 'expires_after.anchor', 'missing_required_parameter'],
    ]);
  });

  const long = (end: Buffer) => ReadableStream.from(longForm(20 * MB, end));
  const LINE = Buffer.from('\r\n');
  test.each<[string, () => Body, object]>([
    ['has no purpose', () => Buffer.concat([FILE, END]), { message: "Missing required parameter: 'purpose'.", param: 'purpose', code: 'missing_required_parameter' }],
    ['is not there', () => Buffer.concat([PURPOSE, END]), { message: "Missing required parameter: 'file'.", param: 'file', code: 'missing_required_parameter' }],
    ['is long and has no purpose', () => long(Buffer.concat([LINE, END])), { message: "Missing required parameter: 'purpose'.", param: 'purpose' }],
    ['is long and has no end', () => long(PURPOSE), { message: expect.stringMatching(/^We could not parse the body of your request as a form/) }],
    ['is long and is followed by another', () => long(Buffer.concat([LINE, FILE, PURPOSE, END])), { message: "Invalid 'file': expected one file, but the form has several.", param: 'file' }],
    ['has a name that is too long', () => Buffer.concat([part(`name="file"; filename="${'n'.repeat(1025)}"`, 'x'), PURPOSE, END]), { param: 'filename', code: 'string_above_max_length' }],
    ['comes in no form', () => 'Hello', { message: expect.stringMatching(/^We could not parse the body of your request as a form/), param: null, code: null }],
    ['comes with nothing', () => '', { message: expect.stringMatching(/^We could not parse the body of your request as a form/) }],
  ])('that %s is refused, and nothing of it is left', async (_, body, error) => {
    const stage = use();
    const before = await blobs(stage);

    const answer = await send(stage, '/files', body());

    expect(answer).toMatchObject({ status: 400, body: { error: { type: 'invalid_request_error', ...error } } });
    await eventually('nothing is left', async () => (String(await blobs(stage)) === String(before) ? true : undefined));
  });

  test('of a key that is not valid is refused, and nothing of it is left', async () => {
    const stage = use();
    const before = await blobs(stage);

    const answer = await send(stage, '/files', ReadableStream.from(longForm(20 * MB)), { authorization: 'Bearer sk-wrong' });

    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'invalid_api_key' } } });
    expect(await blobs(stage)).toEqual(before);
  });

  test('whose client leaves is not there, and nothing of it is left', async () => {
    const stage = use();
    const before = await blobs(stage);
    const { hostname, port } = new URL(stage.server.baseUrl);
    const socket = connect(Number(port), hostname);
    socket.write(`POST /v1/files HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${LOCAL_KEY}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${100 * MB}\r\n\r\n`);
    for (const chunk of longForm(20 * MB, Buffer.alloc(0))) if (!socket.write(chunk)) await once(socket, 'drain');
    await eventually('some of it has been put away', async () => ((await blobs(stage)).length > before.length ? true : undefined));

    socket.destroy();

    await eventually('nothing is left', async () => (String(await blobs(stage)) === String(before) ? true : undefined));
  });
});

describe('a part of an upload', () => {
  const upload = async (stage: Stage, bytes = 1) => (await stage.client.uploads.create({ filename: 'a', purpose: 'vision', bytes, mime_type: 'text/plain' })).id;

  test('needs no name', async () => {
    const stage = use();

    expect(await send(stage, `/uploads/${await upload(stage)}/parts`, Buffer.concat([part('name="data"', 'x'), END]))).toMatchObject({ status: 200, body: { object: 'upload.part' } });
  });

  test('that is not there, or is too large, is refused, and nothing of it is left', async () => {
    const stage = use();
    const id = await upload(stage, 100 * MB);
    const before = await blobs(stage);
    const large = Buffer.concat([part('name="data"; filename="x"', Buffer.alloc(64 * MB + 1)), END]);

    expect(await send(stage, `/uploads/${id}/parts`, Buffer.concat([FILE, END]))).toMatchObject({ status: 400, body: { error: { message: "Missing required parameter: 'data'.", param: 'data' } } });
    expect(await send(stage, `/uploads/${id}/parts`, large)).toMatchObject({ status: 413, body: { error: { message: 'The part is larger than 67108864 bytes. Send it in more parts.', type: 'invalid_request_error', param: 'data', code: null } } });
    // Nor more than the whole upload is announced to be.
    const more = Buffer.concat([part('name="data"; filename="x"', 'xy'), END]);
    expect(await send(stage, `/uploads/${await upload(stage)}/parts`, more)).toMatchObject({ status: 413, body: { error: { message: 'The part is larger than 1 bytes. Send it in more parts.' } } });
    await eventually('nothing is left', async () => (String(await blobs(stage)) === String(before) ? true : undefined));
  });
});
