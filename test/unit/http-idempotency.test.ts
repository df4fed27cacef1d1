import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { makeApp } from '../../shared/http/app.ts';
import { ManualClock } from '../support/manual-clock.ts';

// The same create sent twice under one Idempotency-Key is carried out once.

const folder = mkdtempSync(join(tmpdir(), 'threadkeep-idempotency-'));
const clock = new ManualClock();
let world: EmbeddedWorld;
beforeAll(async () => {
  const config = { runWindowSeconds: 600, retention: 'never' as const, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 };
  const log = { info: () => undefined, error: () => undefined };
  world = await openEmbeddedWorld({ dataFolder: folder, model: { aliases: new Map() }, config, clock, log });
});
afterAll(() => {
  world.close();
  rmSync(folder, { recursive: true });
});

interface Body {
  id: string;
  error?: { message: string; code: string | null };
}

async function post(path: string, body: object, key?: string): Promise<{ status: number; body: Body }> {
  const app = makeApp({ world, signals: new RunSignals(), maxBodyBytes: 100_000, corsOrigins: [] });
  const headers = { authorization: 'Bearer sk-local', ...(key !== undefined && { 'idempotency-key': key }) };
  const response = await app.request(`/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Body };
}

const rows = (table: string): number => Number(world.db.sql(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
let keys = 0;
const newKey = () => `key-${++keys}`;

async function threadWithRun() {
  const assistant = await post('/assistants', { model: 'threadkeep-demo' });
  const thread = await post('/threads', {});
  return { assistant_id: assistant.body.id, runs: `/threads/${thread.body.id}/runs`, messages: `/threads/${thread.body.id}/messages` };
}

describe('a create under a key', () => {
  it('of every kind is carried out once and answered alike', async () => {
    const { assistant_id, runs, messages } = await threadWithRun();
    const creates: [path: string, body: object, table: string][] = [
      ['/assistants', { model: 'm' }, 'assistant'],
      ['/threads', { metadata: { a: 'b' } }, 'thread'],
      [messages, { role: 'user', content: 'Hi' }, 'message'],
      [runs, { assistant_id }, 'run'],
      ['/threads/runs', { assistant_id }, 'run'],
    ];
    for (const [path, body, table] of creates) {
      const key = newKey();
      const before = rows(table);
      const first = await post(path, body, key);
      const second = await post(path, body, key);
      expect([path, first.status, second.status]).toEqual([path, 200, 200]);
      expect(second.body).toEqual(first.body);
      expect(rows(table)).toBe(before + 1);
    }
  });

  it('sent many times at once is carried out once', async () => {
    const key = newKey();
    const before = rows('thread');
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/threads', {}, key)));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(rows('thread')).toBe(before + 1);
  });

  it('does not run into its own run: the repetition is told of that run, another create is refused', async () => {
    const { assistant_id, runs } = await threadWithRun();
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(runs, { assistant_id }, key)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    expect(await post(runs, { assistant_id }, newKey())).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('already has an active run') } } });
  });

  it('that was refused may be sent again, put right', async () => {
    const key = newKey();
    const before = rows('idempotency');
    expect((await post('/assistants', { name: 'no model' }, key)).status).toBe(400);
    expect(rows('idempotency')).toBe(before);
    expect((await post('/assistants', { model: 'm' }, key)).status).toBe(200);
  });

  it('for another request than before is refused', async () => {
    const key = newKey();
    await post('/threads', { metadata: { a: '1' } }, key);
    for (const [path, body] of [['/threads', { metadata: { a: '2' } }], ['/assistants', { model: 'm' }]] as const) {
      expect(await post(path, body, key)).toMatchObject({ status: 400, body: { error: { code: 'idempotency_key_reused' } } });
    }
  });

  it('is forgotten after a day', async () => {
    const key = newKey();
    const first = await post('/threads', {}, key);
    clock.advance(86_399_999);
    expect((await post('/threads', {}, key)).body.id).toBe(first.body.id);
    clock.advance(1);
    expect((await post('/threads', {}, key)).body.id).not.toBe(first.body.id);
  });
});

it('without a key, or with an empty one, every create is a new one', async () => {
  for (const key of [undefined, '']) {
    const [first, second] = [await post('/threads', {}, key), await post('/threads', {}, key)];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.id).not.toBe(first.body.id);
  }
});
