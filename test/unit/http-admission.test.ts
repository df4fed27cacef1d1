import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createKey, revokeKey } from '../../shared/actions/keys.ts';
import { hashKey } from '../../shared/domain/api-key.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { makeApp } from '../../shared/http/app.ts';
import { create, remove } from '../../shared/ports/commit.ts';
import { type Store, keys } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';

// A request begins while its key is being looked up, and nothing comes of it before the key is known to be valid.

const folder = mkdtempSync(join(tmpdir(), 'threadkeep-admission-'));
let embedded: EmbeddedWorld;
beforeAll(async () => {
  const config = { runWindowSeconds: 600, retention: 'never' as const, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 };
  const log = { info: () => undefined, error: () => undefined };
  embedded = await openEmbeddedWorld({ dataFolder: folder, model: { aliases: new Map() }, config, clock: systemClock, log });
});
afterAll(() => {
  embedded.close();
  rmSync(folder, { recursive: true });
});

const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(async () => {
  for (let n = 0; n < 3; n++) await turn();
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

/** An app with a key of its own, whose look-up can be held back; and what of the world was used, in order. */
async function makeStage() {
  const { key } = await createKey(embedded, 'proj_shop', '');
  const used: string[] = [];
  let gate = Promise.resolve();
  const store: Store = {
    async get(wanted) {
      used.push(`get ${wanted.kind}`);
      if (wanted.kind === 'api_key') await gate;
      return embedded.store.get(wanted);
    },
    page: (kind, scope, query) => (used.push(`page ${kind}`), embedded.store.page(kind, scope, query)),
  };
  const model: World['model'] = {
    stream: (request, signal) => (used.push('ask'), embedded.model.stream(request, signal)),
    list: () => (used.push('list models'), embedded.model.list()),
  };
  const commit: World['commit'] = (change) => (used.push(change.name), embedded.commit(change));
  const app = makeApp({ world: { ...embedded, store, model, commit }, signals: new RunSignals(), maxBodyBytes: 10_000, corsOrigins: [] });
  const ask = (method: string, path: string, body?: object, as = key) =>
    app.request(`/v1${path}`, { method, headers: { authorization: `Bearer ${as}` }, ...(body && { body: JSON.stringify(body) }) });
  const post = async (path: string, body: object) => ((await (await ask('POST', path, body)).json()) as { id: string }).id;
  return {
    key,
    used,
    ask,
    post,
    /** Until it is let go, no key is found or missed. */
    holdLookUp() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}
type Stage = Awaited<ReturnType<typeof makeStage>>;
const settled = async () => {
  for (let n = 0; n < 10; n++) await turn();
};
const rows = (table: string): number => Number(embedded.db.sql(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
const rowsOfAll = () => ['assistant', 'thread', 'message', 'run', 'step', 'job', 'idempotency', 'outbox'].map(rows);

/** An assistant and a thread, made with the stage's key: from here on the app knows it. */
async function threadOf({ post }: Stage) {
  const assistant_id = await post('/assistants', { model: 'm' });
  return { assistant_id, thread: `/threads/${await post('/threads', { messages: [{ role: 'user', content: 'a secret' }] })}` };
}

describe('a key that was valid before', () => {
  it('lets a request begin while it is looked up, but no answer leave', async () => {
    const stage = await makeStage();
    const { thread } = await threadOf(stage);
    stage.used.length = 0;
    const letGo = stage.holdLookUp();
    let isAnswered = false;
    const answering = Promise.resolve(stage.ask('GET', thread)).finally(() => (isAnswered = true));
    await settled();
    expect([stage.used, isAnswered]).toEqual([['get api_key', 'get thread'], false]);
    letGo();
    expect((await answering).status).toBe(200);
  });

  it('lets nothing be committed and no model be asked before', async () => {
    const stage = await makeStage();
    const { assistant_id, thread } = await threadOf(stage);
    stage.used.length = 0;
    const letGo = stage.holdLookUp();
    const before = rowsOfAll();
    const requests: [string, string, object?][] = [
      ['POST', `${thread}/runs`, { assistant_id, stream: true }],
      ['POST', '/threads/runs', { assistant_id, stream: true }],
      ['POST', '/threads', {}],
      ['DELETE', `/assistants/${assistant_id}`],
      ['GET', '/models'],
    ];
    const answering = requests.map(async ([method, path, body]) => stage.ask(method, path, body));
    await settled();
    expect(stage.used.filter((what) => !/^(get|page) /.test(what))).toEqual([]);
    expect(rowsOfAll()).toEqual(before);
    letGo();
    const answers = await Promise.all(answering);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await answers[0]?.text()).toContain('thread.run.completed');
  });

  it('is looked up for each request', async () => {
    const stage = await makeStage();
    const { thread } = await threadOf(stage);
    stage.used.length = 0;
    for (let n = 0; n < 3; n++) await stage.ask('GET', thread);
    expect(stage.used.filter((what) => what === 'get api_key')).toHaveLength(3);
  });
});

describe('a key that was revoked between two requests', () => {
  const nothing = () => undefined;
  const requests: [what: string, method: string, path: (made: { thread: string; assistant_id: string }) => string, body: (made: { assistant_id: string }) => object | undefined][] = [
    ['a read', 'GET', ({ thread }) => thread, nothing],
    ['a list', 'GET', ({ thread }) => `${thread}/messages`, nothing],
    ['a write', 'POST', ({ thread }) => `${thread}/messages`, () => ({ role: 'user', content: 'Hi' })],
    ['a create', 'POST', () => '/threads', () => ({})],
    ['a deletion', 'DELETE', ({ thread }) => thread, nothing],
    ['a polled run', 'POST', ({ thread }) => `${thread}/runs`, ({ assistant_id }) => ({ assistant_id })],
    ['a streamed run', 'POST', ({ thread }) => `${thread}/runs`, ({ assistant_id }) => ({ assistant_id, stream: true })],
    ['a streamed run on a new thread', 'POST', () => '/threads/runs', ({ assistant_id }) => ({ assistant_id, stream: true })],
    ['the models', 'GET', () => '/models', nothing],
    // These fail of something else before the key is known to be revoked.
    ['what does not exist', 'GET', () => '/threads/thread_none', nothing],
    ['no id', 'GET', () => '/threads/none', nothing],
    ['a wrong body', 'POST', () => '/threads', () => ({ colour: 'red' })],
    ['an assistant that does not exist', 'POST', ({ thread }) => `${thread}/runs`, () => ({ assistant_id: 'asst_none', stream: true })],
    ['no URL', 'GET', () => '/nowhere', nothing],
    ['a wrong method', 'PUT', () => '/threads', nothing],
  ];

  it.each(requests)('is refused for %s, and nothing was written', async (_, method, path, body) => {
    const stage = await makeStage();
    const made = await threadOf(stage);
    await revokeKey(embedded, stage.key);
    const before = rowsOfAll();
    stage.used.length = 0;
    const letGo = stage.holdLookUp();
    const answering = stage.ask(method, path(made), body(made));
    await settled();
    letGo();
    const response = await answering;
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="OpenAI API"']);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('openai-poll-after-ms')).toBeNull();
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'invalid_api_key' } });
    expect(text).not.toMatch(/secret|thread_|asst_/);
    expect(stage.used.filter((what) => !/^(get|page) /.test(what))).toEqual([]);
    expect(rowsOfAll()).toEqual(before);
  });

  it('is a stranger from then on: nothing begins before it is looked up', async () => {
    const stage = await makeStage();
    const { thread } = await threadOf(stage);
    await revokeKey(embedded, stage.key);
    await stage.ask('GET', thread);
    stage.used.length = 0;
    const letGo = stage.holdLookUp();
    const answering = stage.ask('GET', thread);
    await settled();
    letGo();
    expect([(await answering).status, stage.used]).toEqual([401, ['get api_key']]);
  });
});

describe('a key', () => {
  it('that is not known waits for its look-up', async () => {
    const stage = await makeStage();
    const letGo = stage.holdLookUp();
    const answering = stage.ask('GET', '/threads/thread_none');
    await settled();
    expect(stage.used).toEqual(['get api_key']);
    letGo();
    expect((await answering).status).toBe(404);
  });

  it('that has become another project’s shows nothing of the first one’s, and works when the client tries again', async () => {
    const stage = await makeStage();
    const { thread } = await threadOf(stage);
    const found = await embedded.store.get(keys.apiKey(hashKey(stage.key)));
    if (!found) throw new Error('the key is there');
    await embedded.commit({ name: 'test', writes: [remove('api_key', found)] });
    await embedded.commit({ name: 'test', writes: [create('api_key', { ...found, projectId: 'proj_other' })] });
    const before = rowsOfAll();
    const first = await stage.ask('POST', `${thread}/messages`, { role: 'user', content: 'Hi' });
    expect([first.status, first.headers.get('retry-after'), rowsOfAll()]).toEqual([503, '1', before]);
    expect((await stage.ask('GET', thread)).status).toBe(404);
  });

  it('whose look-up fails is a fault of our own, told once', async () => {
    const stage = await makeStage();
    const { thread } = await threadOf(stage);
    const lines: string[] = [];
    const broken = { ...embedded, log: { info: () => undefined, error: (code: string) => void lines.push(code) } };
    let isBroken = false;
    const store: Store = { ...embedded.store, get: (wanted) => (isBroken && wanted.kind === 'api_key' ? Promise.reject(new Error('no disk')) : embedded.store.get(wanted)) };
    const app = makeApp({ world: { ...broken, store }, signals: new RunSignals(), maxBodyBytes: 10_000, corsOrigins: [] });
    const ask = () => app.request(`/v1${thread}/messages`, { method: 'POST', headers: { authorization: `Bearer ${stage.key}` }, body: '{"role":"user","content":"Hi"}' });
    expect((await ask()).status).toBe(200);
    isBroken = true;
    const before = rowsOfAll();
    expect([(await ask()).status, rowsOfAll(), lines]).toEqual([500, before, ['request_failed']]);
  });

  it('is forgotten when a thousand others have been used since', async () => {
    const stage = await makeStage();
    const use = (key: string) => stage.ask('GET', '/threads/thread_none', undefined, key);
    const isKnown = async (key: string) => {
      stage.used.length = 0;
      const letGo = stage.holdLookUp();
      const answering = use(key);
      await settled();
      const hasBegun = stage.used.includes('get thread');
      letGo();
      await answering;
      return hasBegun;
    };
    const others = await Promise.all(Array.from({ length: 1000 }, async () => (await createKey(embedded, 'proj_others', '')).key));
    await use(stage.key);
    for (const key of others.slice(1)) await use(key);
    expect(await isKnown(stage.key)).toBe(true);
    for (const key of others) await use(key);
    expect(await isKnown(stage.key)).toBe(false);
  });
});
