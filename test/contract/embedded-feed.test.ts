/** The outbox and its sweeper under what a busy, unlucky server does to them. */
import { describe, expect, it } from '@jest/globals';
import { create, remove } from '../../shared/ports/commit.ts';
import type { FeedEvent } from '../../shared/ports/feed.ts';
import { type Kind, keyOf, type RecordOf } from '../../shared/ports/store.ts';
import { aThread, anAssistant, anIdempotencyRecord } from '../support/records.ts';
import { useEmbedded } from './embedded-stage.ts';
import { until } from './suites/stage.ts';

const SWEEP_EVERY_MS = 30_000;

const embedded = useEmbedded();

const put = <K extends Kind>(kind: K, ...records: RecordOf<K>[]) => embedded.world.commit({ name: 'put', writes: records.map((record) => create(kind, record)) });
const removeAll = (...threads: RecordOf<'thread'>[]) => embedded.world.commit({ name: 'delete', writes: threads.map((thread) => remove('thread', thread)) });
const follow = (tell: (event: FeedEvent) => Promise<void>) => {
  const follower = embedded.world.feed.consume(tell);
  embedded.stopLater(() => follower.stop());
  return follower;
};

describe('a handler that keeps failing', () => {
  it('is given its pause, however much is committed meanwhile', async () => {
    const thread = aThread();
    await put('thread', thread);
    let calls = 0;
    follow(() => Promise.reject(new Error(`call ${++calls}`)));
    await removeAll(thread);
    await until(() => calls > 0, 'the removal has been told');
    for (let n = 0; n < 20; n++) await put('assistant', anAssistant());
    expect(calls).toBe(1);
    await embedded.clock.pass(4999);
    expect(calls).toBe(1);
    await embedded.clock.pass(1);
    expect(calls).toBe(2);
  });

  it('is tried ever more rarely, but for ever', async () => {
    const thread = aThread();
    await put('thread', thread);
    const times: number[] = [];
    follow(async () => {
      times.push(embedded.clock.nowMs());
      throw new Error('never');
    });
    await removeAll(thread);
    await embedded.clock.pass(86_400_000);
    const pauses = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    expect(pauses.length).toBeGreaterThan(24);
    expect(pauses.length).toBeLessThan(200);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
  });

  it('at one thread holds up no other', async () => {
    const [bad, good] = [aThread(), aThread()];
    await put('thread', bad, good);
    const told: string[] = [];
    follow(async ({ record }) => {
      if (record.id === bad.id) throw new Error('never');
      told.push(record.id);
    });
    await removeAll(bad);
    await removeAll(good);
    await embedded.clock.pass(60_000);
    expect(told).toEqual([good.id]);
  });

  it('at the first life of a thread holds up its second, which comes after it', async () => {
    const id = aThread().id;
    const lives: string[] = [];
    let isHealed = false;
    follow(async ({ record }) => {
      if (!isHealed) throw new Error('not yet');
      lives.push('metadata' in record ? (record.metadata['life'] ?? '') : '');
    });
    for (const life of ['1', '2']) {
      const thread = aThread({ id, metadata: { life } });
      await put('thread', thread);
      await removeAll(thread);
    }
    await embedded.clock.pass(60_000);
    expect(lives).toEqual([]);
    isHealed = true;
    await embedded.clock.pass(600_000);
    expect(lives).toEqual(['1', '2']);
  });
});

describe('the sweeper', () => {
  it('gets through more than it takes at once', async () => {
    const removeAfterMs = embedded.clock.nowMs() + 1000;
    for (let n = 0; n < 6; n++) await put('thread', ...Array.from({ length: 100 }, () => aThread({ removeAfterMs })));
    const told = new Set<string>();
    follow(async ({ record }) => void told.add(record.id));
    for (let sweeps = 0; sweeps < 2; sweeps++) await embedded.clock.pass(SWEEP_EVERY_MS);
    await until(() => told.size === 600, 'all have been told');
    expect(embedded.world.db.sql('SELECT count(*) AS left FROM thread').get()).toMatchObject({ left: 0 });
  });

  it('removes what nobody is told of, too', async () => {
    await put('idempotency', anIdempotencyRecord({ removeAfterMs: embedded.clock.nowMs() + 1000 }), anIdempotencyRecord());
    follow(() => Promise.resolve());
    await embedded.clock.pass(SWEEP_EVERY_MS);
    expect(embedded.world.db.sql('SELECT count(*) AS left FROM idempotency').get()).toMatchObject({ left: 1 });
  });

  it('does not remove what takes the place of an expired record in the same turn', async () => {
    const old = anIdempotencyRecord({ removeAfterMs: embedded.clock.nowMs() + 1000 });
    const fresh = anIdempotencyRecord({ id: old.id, fingerprint: 'another', removeAfterMs: embedded.clock.nowMs() + 86_400_000 });
    await put('idempotency', old);
    follow(() => Promise.resolve());
    await embedded.clock.pass(SWEEP_EVERY_MS - 1);
    const created = put('idempotency', fresh);
    embedded.clock.advance(1);
    await created;
    await embedded.clock.pass(0);
    expect(await embedded.world.store.get(keyOf('idempotency', fresh))).toStrictEqual(fresh);
  });

  it('rests when it is stopped', async () => {
    const thread = aThread({ removeAfterMs: embedded.clock.nowMs() + 1000 });
    await put('thread', thread);
    const told: string[] = [];
    follow(async ({ record }) => void told.push(record.id)).stop();
    await embedded.clock.pass(10 * SWEEP_EVERY_MS);
    expect(told).toEqual([]);
    expect(embedded.clock.pending).toBe(0);
  });
});
