/** What a server that deletes a long thread does beside that. */
import { expect, it } from '@jest/globals';
import { createKey } from '../../shared/actions/keys.ts';
import { reapRemoved } from '../../shared/actions/reap-removed.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { makeApp } from '../../shared/http/app.ts';
import { create, remove } from '../../shared/ports/commit.ts';
import type { World } from '../../shared/ports/world.ts';
import { aMessage, aRun, aStep, aThread, PROJECT } from '../support/records.ts';
import { useEmbedded } from './embedded-stage.ts';
import { until } from './suites/stage.ts';

const MESSAGES = 20_000;
const RUNS = 200;

const embedded = useEmbedded();

/** The world, and how much its reaper takes at once. */
function watched(world: World) {
  const seen = { commits: 0, mostWrites: 0, mostRead: 0 };
  const reaping: World = {
    ...world,
    async commit(change) {
      seen.mostWrites = Math.max(seen.mostWrites, change.writes.length);
      await world.commit(change);
      seen.commits++;
    },
    store: {
      ...world.store,
      page(kind, scope, query) {
        seen.mostRead = Math.max(seen.mostRead, query.limit);
        return world.store.page(kind, scope, query);
      },
    },
  };
  return { seen, reaping };
}

it('answers as if it had nothing else to do, and takes a hundred records at a time', async () => {
  const { world } = embedded;
  const thread = aThread({ hasImportedIds: true });
  const threadId = thread.id;
  const put = (...writes: Parameters<typeof world.commit>[0]['writes']) => world.commit({ name: 'put', writes });
  await put(create('thread', thread), ...Array.from({ length: MESSAGES }, () => create('message', aMessage({ threadId }))));
  for (let n = 0; n < RUNS; n++) {
    const run = aRun('expired', { threadId });
    await put(create('run', run), create('step', aStep('completed', { threadId, runId: run.id })));
  }
  const { seen, reaping } = watched(world);
  let isReaped = false;
  const follower = world.feed.consume(async (event) => {
    if (event.type === 'removed') await reapRemoved(reaping, event).then(() => (isReaped = true));
  });
  embedded.stopLater(() => follower.stop());

  const app = makeApp({ world, signals: new RunSignals(), maxBodyBytes: 65_536, corsOrigins: [] });
  const { key } = await createKey(world, PROJECT, '');
  const ask = (method: string, path: string, body?: object) => app.request(`/v1${path}`, { method, headers: { authorization: `Bearer ${key}` }, ...(body && { body: JSON.stringify(body) }) });
  await world.commit({ name: 'delete', writes: [remove('thread', thread)] });
  await until(() => seen.commits > 0, 'reaping has begun');
  const waits: number[] = [];
  while (!isReaped) {
    const before = seen.commits;
    const response = await ask('POST', '/threads', { messages: [{ role: 'user', content: 'I am in a hurry.' }] });
    expect(response.status).toBe(200);
    const { id } = (await response.json()) as { id: string };
    expect((await ask('GET', `/threads/${id}/messages`)).status).toBe(200);
    waits.push(seen.commits - before);
  }

  // Counted in the reaper's commits, not in time: two requests let it go on by a few.
  expect(waits.length).toBeGreaterThan(20);
  expect(Math.max(...waits)).toBeLessThanOrEqual(10);
  expect(seen.commits).toBeGreaterThanOrEqual(MESSAGES / 100 + RUNS);
  expect([seen.mostWrites, seen.mostRead]).toEqual([100, 100]);
  for (const table of ['message', 'run', 'step', 'alias']) expect(world.db.sql(`SELECT count(*) AS n FROM ${table} WHERE instr(scope, ?)`).get(threadId)).toEqual({ n: 0 });
});
