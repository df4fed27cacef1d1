/** One POST, against servers that behave and servers that do not. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type RequestListener, type Server, createServer } from 'node:http';
import { type AddressInfo, type Server as NetServer, type Socket, createServer as createNetServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../shared/domain/clock.ts';
import { type OutboundSettings, makeOutbound } from '../../shared/outbound/index.ts';
import { UnreachableError, UnsafeUrlError } from '../../shared/ports/outbound.ts';
import { ManualClock } from '../support/manual-clock.ts';

const open: (Server | NetServer)[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of open.splice(0)) server.close();
});

const listening = async <S extends Server | NetServer>(server: S): Promise<number> => {
  open.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
const serving = async (answer: RequestListener): Promise<string> => `http://127.0.0.1:${await listening(createServer(answer))}/hook`;
const speaking = async (talk: (socket: Socket) => void): Promise<string> => `http://127.0.0.1:${await listening(createNetServer(talk))}/`;

const post = (url: string, settings: Partial<OutboundSettings> = {}) =>
  makeOutbound({ clock: systemClock, loopback: true, ...settings }).post({ url, headers: { 'content-type': 'application/json', 'x-mine': '1' }, body: '{"é":1}', timeoutMs: 5000, mostBytes: 1000 });

describe('a POST to the outside', () => {
  it('brings headers and body, and comes back with the answer', async () => {
    let seen = {};
    const url = await serving((request, response) => {
      void text(request).then((body) => {
        seen = { method: request.method, path: request.url, mine: request.headers['x-mine'], length: request.headers['content-length'], body };
        response.writeHead(202).end('thanks');
      });
    });
    const { status, body, isCut } = await post(url);
    expect({ status, body: Buffer.from(body).toString(), isCut }).toEqual({ status: 202, body: 'thanks', isCut: false });
    expect(seen).toEqual({ method: 'POST', path: '/hook', mine: '1', length: '8', body: '{"é":1}' });
  });

  it('is given up at once when nobody waits any more, and not begun when nobody did', async () => {
    let asked = 0;
    let hungUp: Promise<unknown> = Promise.resolve();
    const controller = new AbortController();
    const gone = new Error('gone');
    const url = await serving((_request, response) => {
      asked++;
      hungUp = once(response, 'close');
      controller.abort(gone);
    });
    const clock = new ManualClock();
    const request = { url, headers: {}, body: '', timeoutMs: 5000, mostBytes: 1, signal: controller.signal };
    await expect(makeOutbound({ clock, loopback: true }).post(request)).rejects.toBe(gone);
    await hungUp;
    await expect(makeOutbound({ clock, loopback: true }).post(request)).rejects.toBe(gone);
    expect([asked, clock.pending]).toEqual([1, 0]);
  });

  it('follows no redirect', async () => {
    let asked = 0;
    const url = await serving((request, response) => {
      asked++;
      response.writeHead(307, { location: request.url === '/hook' ? '/other' : '/hook' }).end();
    });
    expect((await post(url)).status).toBe(307);
    expect(asked).toBe(1);
  });

  it('reads no more than it may of an endless answer, and hangs up', async () => {
    let hungUp: Promise<unknown> = Promise.resolve();
    const url = await serving((_request, response) => {
      hungUp = once(response, 'close');
      const more = () => void (response.destroyed || (response.write('x'.repeat(700)), setImmediate(more)));
      more();
    });
    const { body, isCut } = await post(url);
    expect([body.length, isCut]).toEqual([1000, true]);
    await hungUp;
  });

  it.each([
    ['never answers', () => undefined],
    ['answers a byte at a time', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx')],
  ])('ends in time when the endpoint %s', async (_how, talk) => {
    const clock = new ManualClock();
    const connected = Promise.withResolvers<void>();
    const url = await speaking((socket) => {
      talk(socket);
      connected.resolve();
    });
    const posting = expect(post(url, { clock })).rejects.toThrow('The endpoint took longer than 5 seconds.');
    await connected.promise;
    clock.advance(5000);
    await posting;
  });

  it('ends in time when the name is not found in time', async () => {
    const clock = new ManualClock();
    const posting = expect(post('https://hooks.example.com/', { clock, resolve: () => new Promise(() => undefined) })).rejects.toThrow(UnreachableError);
    clock.advance(5000);
    await posting;
  });

  it.each([
    ['hangs up', (socket: Socket) => void socket.destroy()],
    ['does not speak HTTP', (socket: Socket) => void socket.end('220 smtp ready\r\n')],
    ['has headers without end', (socket: Socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`)],
    ['hangs up in the middle', (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx')],
    ['asks for another protocol', (socket: Socket) => void socket.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')],
  ])('says so when the endpoint %s', async (_how, talk) => {
    await expect(post(await speaking((socket) => void socket.on('error', () => undefined).once('data', () => talk(socket))))).rejects.toThrow(UnreachableError);
  });

  it('says so when nobody listens, and tells no address', async () => {
    const url = await serving(() => undefined);
    open.splice(0).forEach((server) => server.close());
    await expect(post(url)).rejects.toThrow('The endpoint refused the connection.');
  });

  it('looks a name up once, and connects to what it was checked for', async () => {
    const url = new URL(await serving((_request, response) => response.end()));
    let lookups = 0;
    const resolve = async () => (lookups++ === 0 ? [{ address: '127.0.0.1', family: 4 }] : [{ address: '10.0.0.1', family: 4 }]);
    // A name that the system itself knows nothing of: only the pinned address can have led there.
    url.hostname = 'turncoat.localhost';
    expect((await post(url.href, { resolve })).status).toBe(200);
    expect(lookups).toBe(1);
    await expect(post(url.href, { resolve })).rejects.toThrow(UnsafeUrlError);
  });

  it('trusts no certificate that nobody has vouched for', async () => {
    const url = await speaking((socket) => void socket.on('error', () => undefined).on('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 40]))));
    await expect(post(url.replace('http:', 'https:'))).rejects.toThrow(UnreachableError);
  });

  it('asks no proxy of the environment', async () => {
    let proxied = 0;
    const proxy = await serving((_request, response) => void (proxied++, response.end()));
    const url = await serving((_request, response) => response.writeHead(204).end());
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: proxy, http_proxy: proxy, NODE_USE_ENV_PROXY: '1' });
    try {
      expect((await post(url)).status).toBe(204);
    } finally {
      process.env = before;
    }
    expect(proxied).toBe(0);
  });
});
