/** Rows that no longer fit their schema, put there by hand: an error for who reads them, never a cast, and no harm to anything else. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmbeddedWorld } from '../../shared/embedded/index.ts';
import { create, remove, update } from '../../shared/ports/commit.ts';
import { type Kind, keyOf, type RecordOf } from '../../shared/ports/store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aRun, aThread } from '../support/records.ts';
import { newFolder, openFolder } from './embedded-world.ts';
import { DONE, jobOf, nameOf } from './suites/deliveries.ts';
import { failureOf, until } from './suites/stage.ts';

let folder: string;
let clock: ManualClock;
let world: EmbeddedWorld;
let logged: string[];
const stops: (() => void)[] = [];

beforeEach(async () => {
  folder = newFolder();
  clock = new ManualClock();
  logged = [];
  world = await openFolder(folder, clock, { info: () => undefined, error: (code) => void logged.push(code) });
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  world.close();
  rmSync(folder, { recursive: true });
});

const put = <K extends Kind>(kind: K, ...records: RecordOf<K>[]) => world.commit({ name: 'put', writes: records.map((record) => create(kind, record)) });

/** Changes the file as a hand or an older version might have. */
function tamper(sql: string, ...values: (string | number)[]): void {
  const file = new DatabaseSync(join(folder, 'threadkeep.db'));
  file.prepare(sql).run(...values);
  file.close();
}

describe('a row that does not fit its schema', () => {
  it.each([
    ['a field too many', '$.surplus', '"x"'],
    ['a field of another type', '$.rev', '"0"'],
    ['a status that does not exist', '$.status', '"asleep"'],
    ['a time that is no whole number', '$.createdAtMs', '1.5'],
  ])('rejects when it is read: %s', async (_, path, value) => {
    const [bad, good] = [aRun('queued'), aRun('queued')];
    await put('run', bad, good);
    tamper(`UPDATE run SET body = json_set(body, ?, json(?)) WHERE id = ?`, path, value, bad.id);
    const field = path.slice('$.'.length);
    // A promise from the start: who collects several reads with Promise.all must not meet a throw half-way.
    const reading = [() => world.store.get(keyOf('run', bad)), () => world.store.page('run', [bad.projectId, bad.threadId], { order: 'asc', limit: 10 })];
    for (const read of reading) {
      let attempt: Promise<unknown> | undefined;
      expect(() => (attempt = read())).not.toThrow();
      expect(String(await failureOf(attempt ?? Promise.resolve()))).toMatch(field === 'surplus' ? /stored run/ : new RegExp(`stored run.*${field}`));
    }
    expect(await world.store.get(keyOf('run', good))).toStrictEqual(good);
  });

  it('rejects when it is no JSON at all', async () => {
    const thread = aThread();
    await put('thread', thread);
    tamper(`UPDATE thread SET body = '{' WHERE id = ?`, thread.id);
    expect(await failureOf((async () => world.store.get(keyOf('thread', thread)))())).toBeInstanceOf(Error);
  });

  it('can be removed', async () => {
    const thread = aThread();
    await put('thread', thread);
    tamper(`UPDATE thread SET body = json_set(body, '$.retention', 'soon') WHERE id = ?`, thread.id);
    await world.commit({ name: 'delete', writes: [remove('thread', thread)] });
    expect(await world.store.get(keyOf('thread', thread))).toBeUndefined();
  });

  it('can be replaced at its revision', async () => {
    const thread = aThread();
    await put('thread', thread);
    tamper(`UPDATE thread SET body = json_remove(body, '$.metadata') WHERE id = ?`, thread.id);
    const write = update('thread', thread, thread);
    await world.commit({ name: 'repair', writes: [write] });
    expect(await world.store.get(keyOf('thread', thread))).toStrictEqual(write.record);
  });
});

// What nobody awaits may not fail unheard either: an unhandled rejection ends the server, and fails these tests.
describe('in the background', () => {
  it('a job that cannot be read is logged and holds up no other', async () => {
    const done: string[] = [];
    const worker = world.queue.consume(async ({ job }) => (done.push(nameOf(job)), DONE));
    stops.push(() => worker.stop());
    tamper(`INSERT INTO job (name, due_ms, attempts, body) VALUES ('bad', 0, 0, '{"type":"dance"}'), ('worse', 0, 0, '{')`);
    for (const name of ['a', 'b']) await world.commit({ name: 'send', writes: [], jobs: [{ name, job: jobOf(name), dueMs: clock.nowMs() }] });
    await until(() => done.length === 2, 'both jobs are done');
    await clock.pass(60_000);
    expect(logged).toContain('job_failed');
  });

  it('a thread that cannot be read when its time has come is logged and holds up no other', async () => {
    const removeAfterMs = clock.nowMs() + 1000;
    const threads = [aThread({ removeAfterMs }), aThread({ removeAfterMs }), aThread({ removeAfterMs })];
    await put('thread', ...threads);
    tamper(`UPDATE thread SET body = json_set(body, '$.retention', 'soon') WHERE id = ?`, threads[1]?.id ?? '');
    const told: string[] = [];
    const follower = world.feed.consume(async ({ record }) => void told.push(record.id));
    stops.push(() => follower.stop());
    await clock.pass(120_000);
    expect(told).toEqual([threads[0]?.id, threads[2]?.id]);
    expect(logged).toContain('feed_failed');
  });

  it('an event that cannot be read is logged and holds up no other', async () => {
    const thread = aThread();
    await put('thread', thread);
    tamper(`INSERT INTO outbox (key, due_ms, attempts, body) VALUES ('thread:a', 0, 0, '{}'), ('thread:b', 0, 0, '{'), ('dance:c', 0, 0, '{}')`);
    const told: string[] = [];
    const follower = world.feed.consume(async ({ record }) => void told.push(record.id));
    stops.push(() => follower.stop());
    await world.commit({ name: 'delete', writes: [remove('thread', thread)] });
    await clock.pass(60_000);
    expect(told).toEqual([thread.id]);
    expect(logged).toContain('feed_failed');
  });
});
