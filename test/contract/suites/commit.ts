/** What every commit must do: conditions that tell what is there instead, all of a change or none of it, one winner among rivals. */
import { describe, expect, it } from '@jest/globals';
import { type Change, ConflictError, create, remove, retryOnConflict, update, type Write } from '../../../shared/ports/commit.ts';
import { type Key, keyOf, keys } from '../../../shared/ports/store.ts';
import { aMessage, aRun, aThread, anAssistant, anIdempotencyRecord, PROJECT } from '../../support/records.ts';
import { describeRivals } from './commit-rivals.ts';
import { failureOf, type MakeWorld, type Stage, useStage } from './stage.ts';

export function describeCommit(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: commit`, () => {
    const stage = useStage(makeWorld);
    describe('conditions', () => describeConditions(stage));
    describe('all or nothing', () => describeAtomicity(stage));
    describe('size', () => describeSize(stage));
    describe('rivals', () => describeRivals(stage));
  });
}

const commit = ({ world }: Stage, ...writes: Write[]) => world.commit({ name: 'test', writes });

/** The conflict that `change` meets: where, and what stands there. */
export async function conflictOf(attempt: Promise<unknown>): Promise<{ key: Key; current: unknown }> {
  const error = await failureOf(attempt);
  if (!(error instanceof ConflictError)) throw error;
  return { key: error.key, current: error.current };
}

function describeConditions(stage: Stage): void {
  const missing = aThread();
  const key = keyOf('thread', missing);
  const stand = async () => {
    const first = aThread({ id: missing.id, metadata: { is: 'first' } });
    const second = update('thread', first, { ...first, metadata: { is: 'second' } });
    await stage.put('thread', first);
    await commit(stage, second);
    return { stale: first, now: second.record };
  };
  const stored = () => stage.world.store.get(key);

  it('create: writes where nothing stands', async () => {
    await commit(stage, create('thread', missing));
    expect(await stored()).toStrictEqual(missing);
  });

  it('create: is refused where something stands, and tells what', async () => {
    const { now } = await stand();
    expect(await conflictOf(commit(stage, create('thread', missing)))).toStrictEqual({ key, current: now });
    expect(await stored()).toStrictEqual(now);
  });

  it('create: is not disturbed by the same id elsewhere', async () => {
    await stage.put('thread', missing);
    await commit(stage, create('thread', { ...missing, projectId: 'proj_other' }), create('message', aMessage({ id: missing.id })));
    expect(await stored()).toStrictEqual(missing);
  });

  it('update: replaces the revision that was read, whole', async () => {
    const { now } = await stand();
    const { removeAfterMs: _, ...rest } = now;
    const write = update('thread', now, { ...rest, retention: 'never', metadata: {} });
    await commit(stage, write);
    expect(await stored()).toStrictEqual(write.record);
    expect(write.record.rev).toBe(now.rev + 1);
  });

  const failing: [string, (record: typeof missing) => Write][] = [
    ['update', (record) => update('thread', record, { ...record, metadata: { is: 'wrong' } })],
    ['delete', (record) => remove('thread', record)],
    ['check', (record) => ({ op: 'check', key, expectRev: record.rev })],
  ];
  describe.each(failing)('%s', (_, write) => {
    it('is refused where nothing stands', async () => {
      expect(await conflictOf(commit(stage, write(missing)))).toStrictEqual({ key, current: undefined });
      expect(await stored()).toBeUndefined();
    });

    it('is refused at an older revision, and tells the newest', async () => {
      const { stale, now } = await stand();
      expect(await conflictOf(commit(stage, write(stale)))).toStrictEqual({ key, current: now });
      expect(await stored()).toStrictEqual(now);
    });

    it('is refused at a revision that is still to come', async () => {
      const { now } = await stand();
      expect(await conflictOf(commit(stage, write({ ...now, rev: 7 })))).toStrictEqual({ key, current: now });
    });

    it('is refused in another project', async () => {
      const { now } = await stand();
      const place = keys.thread('proj_other', now.id);
      expect(await conflictOf(commit(stage, { ...write(now), key: place }))).toStrictEqual({ key: place, current: undefined });
      expect(await stored()).toStrictEqual(now);
    });

    it('is refused for what is past its time, as if nothing stood there', async () => {
      const brief = aThread({ id: missing.id, removeAfterMs: stage.world.clock.nowMs() + 1000 });
      await stage.put('thread', brief);
      await stage.world.pass(1000);
      expect(await conflictOf(commit(stage, write(brief)))).toStrictEqual({ key, current: undefined });
    });
  });

  it('delete: leaves nothing, and room for a new beginning', async () => {
    const { now } = await stand();
    await commit(stage, remove('thread', now));
    expect(await stored()).toBeUndefined();
    await commit(stage, create('thread', missing));
    expect(await stored()).toStrictEqual(missing);
  });

  it('check: writes nothing, at the right revision', async () => {
    const { now } = await stand();
    await commit(stage, { op: 'check', key, expectRev: now.rev }, create('assistant', anAssistant()));
    expect(await stored()).toStrictEqual(now);
  });

  it('create: takes the place of what is past its time', async () => {
    const removeAfterMs = stage.world.clock.nowMs() + 1000;
    const old = anIdempotencyRecord({ removeAfterMs });
    await stage.put('idempotency', old);
    await stage.world.pass(999);
    expect((await conflictOf(commit(stage, create('idempotency', old)))).current).toStrictEqual(old);
    await stage.world.pass(1);
    const fresh = anIdempotencyRecord({ id: old.id, fingerprint: 'another', removeAfterMs: removeAfterMs + 86_400_000 });
    await commit(stage, create('idempotency', fresh));
    expect(await stage.world.store.get(keyOf('idempotency', fresh))).toStrictEqual(fresh);
  });

  it('tells the first condition that does not hold when there are several', async () => {
    const { stale } = await stand();
    const other = aRun('queued');
    const conflict = await conflictOf(commit(stage, create('assistant', anAssistant()), update('thread', stale, stale), remove('run', other)));
    expect(conflict.key).toEqual(key);
  });
}

function describeAtomicity(stage: Stage): void {
  const base = { thread: aThread(), run: aRun('queued'), message: aMessage() };
  const fresh = { assistant: anAssistant(), message: aMessage() };
  const rights: Write[] = [
    update('thread', base.thread, { ...base.thread, metadata: { changed: 'yes' } }),
    create('assistant', fresh.assistant),
    remove('message', base.message),
    create('message', fresh.message),
  ];
  const wrongs: [string, Write][] = [
    ['a create', create('run', base.run)],
    ['an update', update('run', { ...base.run, rev: 3 }, base.run)],
    ['a delete', remove('run', { ...base.run, rev: 3 })],
    ['a check', { op: 'check', key: keyOf('run', base.run), expectRev: 3 }],
  ];
  const state = async () => [
    await stage.world.store.get(keyOf('thread', base.thread)),
    await stage.world.store.get(keyOf('assistant', fresh.assistant)),
    (await stage.world.store.page('message', [PROJECT, base.message.threadId], { order: 'asc', limit: 10 })).items,
    await stage.world.store.get(keyOf('run', base.run)),
  ];
  const begin = async () => {
    await stage.put('thread', base.thread);
    await stage.put('run', base.run);
    await stage.put('message', base.message);
  };

  it.each(wrongs.flatMap(([what, write]) => [0, 2, 4].map((at) => ({ what, write, at }))))('nothing happens when $what fails at place $at of five', async ({ write, at }) => {
    await begin();
    const before = await state();
    const change: Change = { name: 'test', writes: rights.toSpliced(at, 0, write) };
    expect(await conflictOf(stage.world.commit(change))).toStrictEqual({ key: keyOf('run', base.run), current: base.run });
    expect(await state()).toStrictEqual(before);
    await stage.reopen();
    expect(await state()).toStrictEqual(before);
  });

  it('everything happens when all conditions hold', async () => {
    await begin();
    await commit(stage, ...rights);
    expect(await state()).toStrictEqual([{ ...base.thread, rev: 1, metadata: { changed: 'yes' } }, fresh.assistant, [fresh.message], base.run]);
  });
}

function describeSize(stage: Stage): void {
  it('takes a hundred writes at once', async () => {
    const messages = Array.from({ length: 99 }, () => aMessage({ threadId: 'thread_1' }));
    await stage.put('thread', aThread());
    await commit(stage, ...messages.map((message) => create('message', message)), create('run', aRun('queued')));
    const { items } = await stage.world.store.page('message', [PROJECT, 'thread_1'], { order: 'asc', limit: 100 });
    expect(items).toStrictEqual(messages);
    await commit(stage, ...messages.map((message) => remove('message', message)), create('run', aRun('queued')));
    expect((await stage.world.store.page('message', [PROJECT, 'thread_1'], { order: 'asc', limit: 100 })).items).toEqual([]);
  });

  it('takes hundreds of changes in the same turn of the event loop', async () => {
    const messages = Array.from({ length: 300 }, () => aMessage({ threadId: 'thread_1' }));
    await Promise.all(messages.map((message) => commit(stage, create('message', message))));
    const { items, hasMore } = await stage.world.store.page('message', [PROJECT, 'thread_1'], { order: 'asc', limit: 300 });
    expect(items).toStrictEqual(messages);
    expect(hasMore).toBe(false);
  });

  it('redoes what lost a race, and nothing that failed otherwise', async () => {
    let tries = 0;
    const failure = new Error('no');
    expect(await failureOf(retryOnConflict(() => (tries++, Promise.reject(failure))))).toBe(failure);
    expect(tries).toBe(1);
  });
}
