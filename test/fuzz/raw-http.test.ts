import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Answer, faultsOf } from './answers.ts';
import { Target } from './target.ts';

// What no HTTP client would send, byte by byte over a socket: the answer still has the envelope, and the server goes on.

let target: Target;
beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target.stop());

const LONGEST_MS = 5000;

/** Sends the bytes, says that no more will come unless the bytes say so, and hears the server out. */
function talk(bytes: string | Buffer, saysSo = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(target.origin.port), host: target.origin.hostname, allowHalfOpen: true }, () => void (saysSo ? socket.write(bytes) : socket.end(bytes)));
    let heard = '';
    socket.setEncoding('latin1').setTimeout(LONGEST_MS, () => socket.destroy(new Error(`no end after ${LONGEST_MS} ms; heard ${JSON.stringify(heard.slice(0, 200))}`)));
    socket.on('data', (piece: string) => (heard += piece));
    // A server that closes before it has read all may well reset the connection.
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(heard) : reject(error)));
    socket.on('end', () => socket.end()).on('close', () => resolve(heard));
  });
}

/** The first answer in what was heard. */
function firstAnswer(heard: string): Answer {
  const [head = '', ...rest] = heard.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const body = rest.join('\r\n\r\n');
  const text = headers['transfer-encoding'] === 'chunked' ? body.replace(/^[0-9a-f]+\r\n/i, '').replace(/\r\n0\r\n[^]*$/, '') : body.slice(0, Number(headers['content-length'] ?? body.length));
  return { status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]), headers, text, ms: 0 };
}

const AUTHORIZED = 'host: x\r\nauthorization: Bearer sk-local\r\n';
const post = (headers: string, body: string, path = '/v1/threads') => `POST ${path} HTTP/1.1\r\n${AUTHORIZED}${headers}\r\n${body}`;
const get = (headers: string, target = '/v1/threads') => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;

const refused: Record<string, [bytes: string | Buffer, status: number]> = {
  'a length beyond all numbers': [post('content-length: 99999999999999999999\r\n', '{}'), 400],
  'a negative length': [post('content-length: -1\r\n', '{}'), 400],
  'a length that is no number': [post('content-length: two\r\n', '{}'), 400],
  'a length far beyond the limit': [post('content-length: 999999999999\r\n', '{}'), 413],
  'two lengths': [post('content-length: 2\r\ncontent-length: 3\r\n', '{}'), 400],
  'a length and chunks': [post('content-length: 2\r\ntransfer-encoding: chunked\r\n', '{}'), 400],
  'a body shorter than its length': [post('content-length: 10\r\n', '{}'), 400],
  'a chunk without a size': [post('transfer-encoding: chunked\r\n', 'zz\r\n{}'), 400],
  'a chunk that is cut off': [post('transfer-encoding: chunked\r\n', 'ff\r\n{}'), 400],
  'chunks without an end': [post('transfer-encoding: chunked\r\n', '2\r\n{}\r\n'), 400],
  'an unknown encoding': [post('transfer-encoding: gzip\r\n', '{}'), 400],
  'no host': [get('authorization: Bearer sk-local\r\n'), 400],
  'a host that is none': [get('host: a/b\r\n'), 400],
  'a host with a blank': [get('host: a b\r\n'), 400],
  'a host of half an address': [get('host: [::1\r\n'), 400],
  'an unknown version': [`GET /v1/threads HTTP/9.9\r\n${AUTHORIZED}\r\n`, 400],
  'HTTP/2 spoken at once': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  'a TLS greeting': [Buffer.from('160301020001000001fc0303', 'hex'), 400],
  'no request at all': ['GARBAGE\r\n\r\n', 400],
  'bytes': ['\u0000\u0001\u0002\r\n\r\n', 400],
  'a method in lower case': [`get /v1/threads HTTP/1.1\r\n${AUTHORIZED}\r\n`, 400],
  'an asterisk': [get(AUTHORIZED, '*'), 400],
  'a header without a colon': [get(`${AUTHORIZED}x\r\n`), 400],
  'a header with a NUL': [get(`${AUTHORIZED}x: a\u0000b\r\n`), 400],
  'a header that is folded': [get(`${AUTHORIZED}x: a\r\n b\r\nauthorization : y\r\n`), 400],
  'a header of 20,000 characters': [get(`${AUTHORIZED}x: ${'y'.repeat(20_000)}\r\n`), 431],
  'a URL of 20,000 characters': [get(AUTHORIZED, `/v1/threads/thread_${'y'.repeat(20_000)}`), 431],
  'thousands of headers': [get(AUTHORIZED + 'a: b\r\n'.repeat(5000)), 431],
  'a key in a second header': [get('host: x\r\nauthorization: Bearer sk-wrong\r\nauthorization: Bearer sk-local\r\n'), 401],
};

describe('is refused with the envelope', () => {
  it.each(Object.entries(refused))('%s', async (_, [bytes, status]) => {
    const before = target.snapshot();
    const answer = firstAnswer(await talk(bytes));
    expect(faultsOf(answer, 'GET')).toEqual([]);
    expect(answer.status).toBe(status);
    expect(target.snapshot()).toBe(before);
  });
});

it.each<[string, string]>([
  ['an expectation that nobody has', get(`${AUTHORIZED}expect: nonsense\r\n`)],
  ['a URL with its host', get(AUTHORIZED, 'http://elsewhere.example/v1/threads')],
  ['HTTP/1.0', `GET /v1/threads HTTP/1.0\r\n${AUTHORIZED}\r\n`],
  ['an upgrade that is not offered', get(`${AUTHORIZED}upgrade: websocket\r\nconnection: upgrade\r\n`)],
])('%s is no reason to refuse', async (_, bytes) => {
  const answer = firstAnswer(await talk(bytes));
  expect(faultsOf(answer, 'GET')).toEqual([]);
  expect(answer.status).toBe(200);
});

it('noise of any kind ends in a refusal or in silence, and writes nothing', async () => {
  const before = target.snapshot();
  const whole = post('content-type: application/json\r\ncontent-length: 20\r\n', '{"metadata":{"k":1}}');
  const cut = fc.integer({ min: 1, max: whole.length - 1 }).map((at) => Buffer.from(whole.slice(0, at)));
  const flipped = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => Buffer.from(Buffer.from(whole).map((known, n) => (n === at ? byte : known))));
  const noise = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  await fc.assert(
    fc.asyncProperty(fc.oneof(cut, flipped, noise), async (bytes) => {
      const heard = await talk(bytes);
      if (heard === '') return;
      const answer = firstAnswer(heard);
      expect(faultsOf(answer, 'POST')).toEqual([]);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }),
    { seed: 20_261_120, numRuns: 300 },
  );
  expect(target.snapshot()).toBe(before);
});

it('a refused request does not spoil the next on the same connection', async () => {
  const heard = await talk(post('content-length: 3\r\n', '{"a') + post('content-length: 2\r\n', '[]') + get(`${AUTHORIZED}connection: close\r\n`), true);
  expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 400', 'HTTP/1.1 200']);
});

it('a client that leaves at once leaves nothing behind', async () => {
  const before = target.snapshot();
  for (let n = 0; n < 50; n++) {
    await new Promise<void>((resolve) => {
      const socket = connect({ port: Number(target.origin.port), host: target.origin.hostname }, () => {
        socket.write(post('content-length: 100\r\n', '{"metadata"'), () => socket.resetAndDestroy());
      });
      socket.on('error', () => undefined).on('close', () => resolve());
    });
  }
  expect(await target.good('GET', '/threads?limit=1')).toMatchObject({ object: 'list' });
  expect(target.snapshot()).toBe(before);
});
