/** What every feed must do: tell each removal of a thread once it is committed, at least once, in order for one thread. More in feed-changes.ts. */
import { describe, expect, it } from '@jest/globals';
import type { Thread } from '../../../shared/domain/thread.ts';
import { create, remove, update } from '../../../shared/ports/commit.ts';
import { isExpired } from '../../../shared/ports/feed.ts';
import { aMessage, aRun, aThread, anAssistant, anIdempotencyRecord, PROJECT } from '../../support/records.ts';
import { describeFeedChanges } from './feed-changes.ts';
import { failureOf, type MakeWorld, type Stage, useStage } from './stage.ts';
import { Told } from './told.ts';

export function describeFeed(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: feed`, () => {
    const stage = useStage(makeWorld);
    const { put, removeAll } = verbs(stage);

    it('tells the removal of a thread, with the record as it was last', async () => {
      const told = new Told(stage);
      const thread = aThread({ metadata: { is: 'first' } });
      await put(thread);
      const write = update('thread', thread, { ...thread, metadata: { is: 'second', '🧵': '\u0000' } });
      await stage.world.commit({ name: 'change', writes: [write] });
      await removeAll(write.record);
      await told.reach(thread.id);
      expect(told.removals).toStrictEqual([{ type: 'removed', kind: 'thread', record: write.record, atMs: expect.any(Number) }]);
      expect(told.removals.map(isExpired)).toEqual([false]);
    });

    it('tells what was removed before it had a consumer', async () => {
      const thread = aThread();
      await put(thread);
      await removeAll(thread);
      await new Told(stage).reach(thread.id);
    });

    it('tells no removal of what is made, changed or still there', async () => {
      const told = new Told(stage);
      const thread = aThread();
      await put(thread);
      await stage.world.commit({ name: 'change', writes: [update('thread', thread, thread)] });
      await told.fence();
      expect(told.threads).toEqual([]);
    });

    it('tells no removal of other kinds', async () => {
      const told = new Told(stage);
      const [message, run, assistant, memory] = [aMessage(), aRun('queued'), anAssistant(), anIdempotencyRecord({ removeAfterMs: stage.world.clock.nowMs() + 1000 })];
      await stage.world.commit({ name: 'create', writes: [create('message', message), create('run', run), create('assistant', assistant), create('idempotency', memory)] });
      await stage.world.commit({ name: 'delete', writes: [remove('message', message), remove('run', run), remove('assistant', assistant)] });
      await stage.world.pass(1000);
      await stage.world.sweep();
      await told.fence();
      expect(told.events.filter((event) => event.type === 'removed' && !event.record.id.startsWith('thread_fence'))).toEqual([]);
    });

    it('tells nothing of a removal that did not come about', async () => {
      const told = new Told(stage);
      const [thread, other] = [aThread(), aThread()];
      await put(thread, other);
      await failureOf(stage.world.commit({ name: 'stale', writes: [remove('thread', { ...thread, rev: 4 })] }));
      await failureOf(stage.world.commit({ name: 'half', writes: [remove('thread', thread), create('thread', other)] }));
      await told.fence();
      expect(told.threads).toEqual([]);
    });

    it('tells of many removals in one change, and in one turn of the event loop', async () => {
      const told = new Told(stage);
      const [together, apart] = [Array.from({ length: 40 }, () => aThread()), Array.from({ length: 40 }, () => aThread())];
      await put(...together, ...apart);
      await Promise.all([removeAll(...together), ...apart.map((thread) => removeAll(thread))]);
      for (const { id } of [...together, ...apart]) await told.reach(id);
      await told.fence();
      expect(told.threads).toHaveLength(80);
    });

    it('tells the lives of one thread in their order', async () => {
      const told = new Told(stage);
      const id = aThread().id;
      for (let life = 1; life <= 10; life++) {
        const thread = aThread({ id, metadata: { life: String(life) } });
        await put(thread);
        await removeAll(thread);
      }
      await told.reach(id, 10);
      expect(told.threads.map((thread) => thread.metadata['life'])).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
    });

    it('tells again what its handler threw at, and then what follows', async () => {
      let failures = 0;
      const told = new Told(stage, async ({ type, kind, record }) => {
        if (type === 'removed' && kind === 'thread' && record.metadata['bad'] === 'yes' && ++failures <= 2) throw new Error('not now');
      });
      const [bad, good] = [aThread({ metadata: { bad: 'yes' } }), aThread()];
      await put(bad, good);
      await removeAll(bad);
      await told.reach(bad.id);
      await removeAll(good);
      await told.again(bad.id, 3);
      await told.reach(good.id);
      await stage.world.pass(3_600_000);
      await told.fence();
      expect([told.count(bad.id), told.count(good.id)]).toEqual([3, 1]);
    });

    it('keeps the order of one thread also when its handler throws in between', async () => {
      const told = new Told(stage, async ({ type }) => {
        if (type === 'removed' && told.threads.length === 1) throw new Error('once');
      });
      const id = aThread().id;
      for (const life of ['1', '2']) {
        const thread = aThread({ id, metadata: { life } });
        await put(thread);
        await removeAll(thread);
      }
      await told.reach(id);
      await told.again(id, 3);
      expect(told.threads.map((thread) => thread.metadata['life'])).toEqual(['1', '1', '2']);
    });

    it('tells after a restart what it had not been able to tell', async () => {
      const told = new Told(stage, ({ type }) => (type === 'removed' ? new Promise(() => undefined) : Promise.resolve()));
      const [under, waiting] = [aThread(), aThread()];
      await put(under, waiting);
      await removeAll(under);
      await told.reach(under.id);
      await removeAll(waiting);
      await stage.reopen();
      const after = new Told(stage);
      await stage.world.pass(stage.world.traits.redeliveryMs);
      await after.reach(under.id);
      await after.reach(waiting.id);
    });

    it('does not tell after a restart what it had told before', async () => {
      const told = new Told(stage);
      const thread = aThread();
      await put(thread);
      await removeAll(thread);
      await told.reach(thread.id);
      await told.fence();
      await stage.reopen();
      const after = new Told(stage);
      await after.fence();
      expect(after.threads).toEqual([]);
    });

    it('tells nothing after stop', async () => {
      const told = new Told(stage);
      const thread = aThread();
      await put(thread);
      told.consumer.stop();
      await removeAll(thread);
      const next = new Told(stage);
      await next.reach(thread.id);
      expect(told.removals).toEqual([]);
    });

    it('tells of threads whose time has come, and of no others', async () => {
      const told = new Told(stage);
      const nowMs = stage.world.clock.nowMs();
      const [over, saved, later, endless] = [aThread({ removeAfterMs: nowMs + 1000 }), aThread({ removeAfterMs: nowMs + 1000 }), aThread(), aThread({ retention: 'never' })];
      await put(over, saved, later, endless);
      await stage.world.commit({ name: 'touch', writes: [update('thread', saved, { ...saved, removeAfterMs: nowMs + 3_600_000 })] });
      await stage.world.pass(1000);
      await stage.world.sweep();
      await told.reach(over.id);
      await told.fence();
      expect(told.threads).toStrictEqual([over]);
      expect(told.removals.map(isExpired)).toEqual([true]);
      const left = await stage.world.store.page('thread', [PROJECT], { order: 'asc', limit: 10 });
      expect(left.items.map(({ id }) => id)).toEqual([saved.id, later.id, endless.id]);
    });

    it('tells of threads whose time came while nobody was there', async () => {
      const threads = Array.from({ length: 30 }, () => aThread({ removeAfterMs: stage.world.clock.nowMs() + 1000 }));
      await put(...threads);
      await stage.world.pass(60_000);
      await stage.reopen();
      const told = new Told(stage);
      await stage.world.sweep();
      for (const { id } of threads) await told.reach(id);
    });

    describe('changes', () => describeFeedChanges(stage));
  });
}

const verbs = (stage: Stage) => ({
  put: (...threads: Thread[]) => stage.put('thread', ...threads),
  removeAll: (...threads: Thread[]) => stage.world.commit({ name: 'delete', writes: threads.map((thread) => remove('thread', thread)) }),
});
