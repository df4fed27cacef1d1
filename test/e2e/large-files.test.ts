/** A large file, made as it is sent: what it costs the server. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { LOCAL_KEY, TestServer } from '../support/server.ts';
import { eventually } from './stage.ts';

const MB = 1024 * 1024;
const MOST_BYTES = 512 * MB;
/** Far more than the memory that it may cost. */
const SENT_BYTES = 256 * MB;
/** As the issue has it: above idle, while the file is on its way. */
const MOST_MORE_MB = 150;
jest.setTimeout(120_000);

let server: TestServer;
beforeAll(async () => void (server = await TestServer.start()));
afterAll(() => server.end());

const chunk = Buffer.from(Array.from({ length: MB }, (_, at) => at % 251));

function* form(bytes: number): Generator<Buffer> {
  yield Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="long.bin"\r\n\r\n');
  for (let left = bytes; left > 0; left -= MB) yield left >= MB ? chunk : chunk.subarray(0, left);
  yield Buffer.from('\r\n--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nvision\r\n--b--\r\n');
}

const authorization = `Bearer ${LOCAL_KEY}`;
const send = (bytes: number): Promise<Response> =>
  fetch(`${server.baseUrl}/files`, { method: 'POST', headers: { authorization, 'content-type': 'multipart/form-data; boundary=b' }, body: ReadableStream.from(form(bytes)), duplex: 'half' });

/** Resident memory in MB: the most that it ever was where the system tells, else as it is now. */
function memory(most: boolean): number {
  if (process.platform !== 'linux') return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.pid)], { encoding: 'utf8' })) / 1024;
  const found = new RegExp(`^${most ? 'VmHWM' : 'VmRSS'}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'));
  return Number(found?.[1]) / 1024;
}

test(`a file of 256 MB comes and goes with no more than ${MOST_MORE_MB} MB of memory`, async () => {
  expect((await send(1)).status).toBe(200);
  const idle = memory(false);

  const file = (await (await send(SENT_BYTES)).json()) as { id: string; bytes: number };
  const arrived = memory(true);
  const content = await fetch(`${server.baseUrl}/files/${file.id}/content`, { headers: { authorization } });
  const [came, went] = [createHash('sha256'), createHash('sha256')];
  for await (const piece of content.body ?? []) came.update(piece as Uint8Array);
  for (let sent = 0; sent < SENT_BYTES; sent += MB) went.update(chunk);

  expect(file.bytes).toBe(SENT_BYTES);
  expect(content.headers.get('content-length')).toBe(String(SENT_BYTES));
  expect(came.digest('hex')).toBe(went.digest('hex'));
  expect(arrived - idle).toBeLessThan(MOST_MORE_MB);
  expect(memory(true) - idle).toBeLessThan(MOST_MORE_MB);

  expect((await fetch(`${server.baseUrl}/files/${file.id}`, { method: 'DELETE', headers: { authorization } })).status).toBe(200);
  // Of the two only the first is left.
  await eventually('nothing else is left', async () => ((await blobs()).length === 1 ? true : undefined));
});

test('a file that is said to be larger is refused before it is read', async () => {
  const request = httpRequest(`${server.baseUrl}/files`, { method: 'POST', headers: { authorization, 'content-type': 'multipart/form-data; boundary=b', 'content-length': String(MOST_BYTES + 2 * MB) } });
  request.flushHeaders();
  const [response] = (await once(request, 'response')) as [IncomingMessage];

  expect(response.statusCode).toBe(413);
  expect(await json(response)).toEqual({ error: { message: 'The file is larger than 536870912 bytes. Send it in parts: POST /uploads.', type: 'invalid_request_error', param: 'file', code: null } });
  request.destroy();
});

async function blobs(): Promise<string[]> {
  const found = await readdir(join(server.dataDir, 'blobs'), { recursive: true, withFileTypes: true }).catch(() => undefined);
  return found ? found.filter((entry) => entry.isFile()).map(({ name }) => name) : blobs();
}
