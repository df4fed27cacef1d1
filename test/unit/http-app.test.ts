import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../shared/domain/clock.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { makeApp } from '../../shared/http/app.ts';
import { routes } from '../../shared/http/routes.ts';
import type { World } from '../../shared/ports/world.ts';
import { bareWorld } from './bare-world.ts';

// What holds for every request, whatever it asks for: keys, headers, browsers, faults of our own.

const folder = mkdtempSync(join(tmpdir(), 'threadkeep-app-'));
let world: EmbeddedWorld;
beforeAll(async () => {
  const config = { runWindowSeconds: 600, retention: 'never' as const, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 };
  const log = { info: () => undefined, error: () => undefined };
  world = await openEmbeddedWorld({ dataFolder: folder, model: { aliases: new Map() }, config, clock: systemClock, log });
});
afterAll(() => {
  world.close();
  rmSync(folder, { recursive: true });
});

const appOf = (parts: Partial<World> = {}, corsOrigins: readonly string[] = ['local']) => makeApp({ world: { ...world, ...parts }, signals: new RunSignals(), maxBodyBytes: 10_000, corsOrigins });
const AUTHORIZED = { authorization: 'Bearer sk-local' };
const ask = async (path: string, init: RequestInit = {}, app = appOf()) => app.request(path, { ...init, headers: { ...AUTHORIZED, ...(init.headers as Record<string, string>) } });

describe('headers', () => {
  it.each([
    ['GET', '/healthz', 200],
    ['GET', '/v1/models', 200],
    ['POST', '/v1/threads', 200],
    ['GET', '/v1/threads/thread_none', 404],
    ['GET', '/v1/threads/none', 400],
    ['GET', '/v1/nowhere', 404],
    ['PUT', '/v1/threads', 405],
  ])('%s %s (%i) has them all', async (method, path, status) => {
    const response = await ask(path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
    expect(response.headers.get('openai-version')).toBe('2020-10-01');
    expect(response.headers.get('openai-processing-ms')).toMatch(/^\d+$/);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  });

  it('each request has an id of its own', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await ask('/healthz')).headers.get('x-request-id')));
    expect(new Set(ids).size).toBe(20);
  });
});

describe('keys', () => {
  it.each(routes.map(([method, path]) => [method, path] as const))('%s %s needs one', async (method, path) => {
    const real = `/v1${path.replace(':model{.+}', 'x')}`;
    for (const headers of [{}, { authorization: 'Bearer sk-wrong' }, { authorization: 'Basic c2stbG9jYWw6' }]) {
      const response = await appOf().request(real, { method, headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="OpenAI API"');
    }
  });

  it('are asked for before a URL is judged, and not on the health check', async () => {
    expect((await appOf().request('/v1/nowhere')).status).toBe(401);
    expect(await (await appOf().request('/healthz')).json()).toEqual({ status: 'ok' });
  });

  it.each(['bearer sk-local', 'BEARER   sk-local', 'Bearer sk-local '])('%j is one', async (authorization) => {
    expect((await appOf().request('/v1/models', { headers: { authorization } })).status).toBe(200);
  });
});

describe('browsers', () => {
  const allowed = async (origin: string, corsOrigins?: readonly string[]) => (await ask('/v1/models', { headers: { origin } }, appOf({}, corsOrigins))).headers.get('access-control-allow-origin');

  it.each(['http://localhost:3000', 'https://localhost', 'http://127.0.0.1:8080', 'http://[::1]:5173'])('on this machine may call: %s', async (origin) => {
    expect(await allowed(origin)).toBe(origin);
  });

  it.each(['https://evil.example', 'http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'http://evil.example/localhost', 'null', 'file://localhost'])('elsewhere may not: %s', async (origin) => {
    expect(await allowed(origin)).toBeNull();
  });

  it('may where the operator says so, everywhere or nowhere', async () => {
    expect(await allowed('https://app.example', ['https://app.example'])).toBe('https://app.example');
    expect(await allowed('https://app.example.evil', ['https://app.example'])).toBeNull();
    expect(await allowed('http://localhost:3000', ['https://app.example'])).toBeNull();
    expect(await allowed('https://anything.example', ['*'])).toBe('*');
    expect(await allowed('http://localhost:3000', [])).toBeNull();
  });

  it('ask first, without a key, with every header of the official clients', async () => {
    const wanted = 'authorization,content-type,openai-beta,x-stainless-lang,x-stainless-retry-count,idempotency-key';
    const response = await appOf().request('/v1/threads', { method: 'OPTIONS', headers: { origin: 'http://localhost:3000', 'access-control-request-method': 'POST', 'access-control-request-headers': wanted } });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect(response.headers.get('access-control-allow-methods')).toMatch(/POST/);
    expect(response.headers.get('access-control-allow-headers')).toBe(wanted);
  });

  it('see the headers that the clients read, on errors too', async () => {
    const response = await ask('/v1/threads/none', { headers: { origin: 'http://localhost:3000' } });
    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect(response.headers.get('access-control-expose-headers')).toMatch(/x-request-id.*openai-poll-after-ms/);
  });
});

describe('a fault of our own', () => {
  it('is a 500 that says nothing, and a line in the log under the same id', async () => {
    const lines: { code: string; requestId?: unknown; error?: unknown }[] = [];
    const fault = new Error('disk /secret/path is on fire');
    const store = { get: () => Promise.reject(fault), page: () => Promise.reject(fault) };
    const app = appOf({ store, log: { info: () => undefined, error: (code, fields) => void lines.push({ code, ...fields }) } });
    const response = await ask('/v1/threads', {}, app);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'server_error', param: null, code: null } });
    expect(text).not.toMatch(/secret|fire|Error:/);
    expect(lines).toEqual([{ code: 'request_failed', requestId: response.headers.get('x-request-id'), error: fault }]);
  });

  it('is not what a client does wrong: that is not logged', async () => {
    const app = appOf({ log: bareWorld().log });
    for (const [path, init] of [['/v1/threads', { method: 'POST', body: '{' }], ['/v1/threads', { method: 'POST', body: 'x'.repeat(10_001) }], ['/v1/threads/thread_none', {}], ['/v1/nowhere', {}]] as const) {
      expect((await ask(path, init, app)).status).toBeLessThan(500);
    }
  });
});

describe('the name that a request comes under', () => {
  const statusUnder = async (host: string, allowedHosts?: readonly string[]) =>
    (await makeApp({ world, signals: new RunSignals(), maxBodyBytes: 10_000, corsOrigins: [], allowedHosts }).fetch(new Request(`http://${host}/healthz`))).status;

  it('must be one of the server’s, where it has names', async () => {
    const own = ['localhost', '[::1]'];
    expect(await Promise.all(['localhost:4010', '[::1]:4010', 'evil.example:4010', 'localhost.evil.example'].map((host) => statusUnder(host, own)))).toEqual([200, 200, 403, 403]);
  });

  it('may be any where it has none', async () => {
    expect(await statusUnder('api.example')).toBe(200);
  });
});
