/** A world that lacks a feature refuses what belongs to it: a setting that nobody obeys would lose somebody's data. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../shared/domain/clock.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { makeApp } from '../../shared/http/app.ts';
import { routes } from '../../shared/http/routes.ts';
import type { Feature } from '../../shared/ports/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'threadkeep-features-'));
const config = { runWindowSeconds: 600, retention: 'never' as const, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 };
let world: EmbeddedWorld;
beforeAll(async () => {
  const log = { info: () => undefined, error: () => undefined };
  world = await openEmbeddedWorld({ dataFolder: folder, model: { aliases: new Map() }, config, clock: systemClock, log });
});
afterAll(() => {
  world.close();
  rmSync(folder, { recursive: true });
});

async function ask(method: string, path: string, { lacks, body }: { lacks: Feature[]; body?: object }): Promise<{ status: number; body: { error?: object } }> {
  const app = makeApp({ world: { ...world, config: { ...config, lacks: new Set(lacks) } }, signals: new RunSignals(), maxBodyBytes: 10_000, corsOrigins: [] });
  const response = await app.request(`/v1${path}`, { method, headers: { authorization: 'Bearer sk-local' }, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as { error?: object } };
}

const own = routes.flatMap(([method, path, , feature]) => (feature ? [[method, path.replaceAll(/:\w+/g, 'x'), feature] as const] : []));

it.each(own)('%s %s is no URL without %s', async (method, path, feature) => {
  expect(await ask(method, path, { lacks: [feature] })).toMatchObject({ status: 404, body: { error: { message: expect.stringContaining('URL') } } });
});

it.each([
  ['/project', { export_on_expiry: true }, 'histories', 'export_on_expiry'],
  ['/project', { expiring_days: 3 }, 'webhooks', 'expiring_days'],
  ['/threads', { export_on_expiry: true }, 'histories', 'export_on_expiry'],
] as const)('POST %s %j is refused without %s', async (path, body, feature, param) => {
  const refused = { message: `'${param}' is not available on this server yet.`, type: 'invalid_request_error', param, code: 'unsupported_parameter' };
  expect(await ask('POST', path, { lacks: [feature], body })).toEqual({ status: 400, body: { error: refused } });
  expect((await ask('POST', path, { lacks: [], body })).status).toBe(200);
});

it('a thread takes no export on expiry later either', async () => {
  const made = (await ask('POST', '/threads', { lacks: [] })).body as { id: string };
  expect((await ask('POST', `/threads/${made.id}`, { lacks: ['histories'], body: { export_on_expiry: true } })).status).toBe(400);
  expect((await ask('POST', `/threads/${made.id}`, { lacks: ['histories'], body: { export_on_expiry: false } })).status).toBe(200);
});
