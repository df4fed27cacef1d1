/** Whoever follows a run over real HTTP and leaves, or never was let in, leaves nothing behind. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeHttpServer } from '../../local/http-server.ts';
import { createRun } from '../../shared/actions/create-run.ts';
import { createThread } from '../../shared/actions/create-thread.ts';
import { revokeKey } from '../../shared/actions/keys.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { makeApp } from '../../shared/http/app.ts';
import { create } from '../../shared/ports/commit.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { assistantOf } from './sample-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'threadkeep-leaving-'));
const clock = new ManualClock();
const signals = new RunSignals();
const PROJECT = 'proj_default';
let world: EmbeddedWorld;
let server: Server;
let url: string;
beforeAll(async () => {
  const config = { runWindowSeconds: 600, retention: 'never' as const, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 };
  world = await openEmbeddedWorld({ dataFolder: folder, model: { aliases: new Map() }, config, clock, log: { info: () => undefined, error: () => undefined } });
  await world.commit({ name: 'put', writes: [create('assistant', { ...assistantOf(), projectId: PROJECT })] });
  const thread = await createThread(world, PROJECT, { messages: [], metadata: {}, toolResources: {} });
  const overrides = { metadata: {}, truncationStrategy: { type: 'auto' as const }, toolChoice: 'auto' as const, parallelToolCalls: true };
  // Nobody consumes jobs here: it stays queued.
  const { run } = await createRun(world, thread.id, [], { projectId: PROJECT, assistantId: 'asst_test', overrides });
  const app = makeApp({ world, signals, maxBodyBytes: 1000, corsOrigins: [] });
  server = makeHttpServer((request) => app.fetch(request)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/threads/${thread.id}/runs/${run.id}/stream`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  world.close();
  rmSync(folder, { recursive: true });
});

const ask = (options: RequestInit = {}) => fetch(url, { headers: { authorization: 'Bearer sk-local' }, ...options });
const untilFollowers = async (count: number): Promise<void> => {
  for (let tries = 0; signals.tellings.size !== count; tries++) {
    if (tries > 1000) throw new Error(`${signals.tellings.size} runs are followed, not ${count}`);
    await delay(5);
  }
};

it('by hanging up', async () => {
  const client = new AbortController();
  const response = await ask({ signal: client.signal });
  const reader = response.body?.getReader();
  expect(Buffer.from(((await reader?.read()) as { value?: Uint8Array }).value ?? []).toString()).toMatch(/^event: thread\.run\.created\n/);
  await untilFollowers(1);

  client.abort();
  await untilFollowers(0);
  await delay(20);
  expect(clock.pending).toBe(0);
});

it('by asking for the headers alone', async () => {
  const response = await ask({ method: 'HEAD' });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  await delay(20);
  expect([signals.tellings.size, clock.pending]).toEqual([0, 0]);
});

it('by coming with a key that has just been revoked', async () => {
  await revokeKey(world, 'sk-local');
  const response = await ask();
  expect(response.status).toBe(401);
  await response.text();
  expect([signals.tellings.size, clock.pending]).toEqual([0, 0]);
});
