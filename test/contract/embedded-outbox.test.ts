/** What the outbox costs whom: nobody pays for events that no endpoint wants, and no thread waits for another's. */
import { describe, expect, it } from '@jest/globals';
import { create, remove, update, type Write } from '../../shared/ports/commit.ts';
import type { FeedEvent } from '../../shared/ports/feed.ts';
import { aDelivery, aMessage, anExport, aRun, aThread, aWebhookEndpoint } from '../support/records.ts';
import { useEmbedded } from './embedded-stage.ts';
import { until } from './suites/stage.ts';

const embedded = useEmbedded();

const commit = (...writes: Write[]) => embedded.world.commit({ name: 'test', writes });
const follow = (tell: (event: FeedEvent) => Promise<void>) => {
  const follower = embedded.world.feed.consume(tell);
  embedded.stopLater(() => follower.stop());
};
const outbox = () => embedded.world.db.sql('SELECT type, kind FROM outbox ORDER BY seq').all().map(({ type, kind }) => `${String(type)} ${String(kind)}`);

/** One change of everything that a feed can tell, in a project of its own. */
async function everything(projectId: string): Promise<void> {
  const owned = { projectId };
  const [thread, run, queued] = [aThread(owned), aRun('queued', owned), anExport('queued', owned)];
  await commit(create('thread', thread), create('message', aMessage(owned)), create('run', run), create('export', queued));
  await commit(update('run', run, aRun('expired', { ...owned, id: run.id })), update('export', queued, anExport('completed', { ...owned, id: queued.id })));
  await commit(remove('thread', thread));
}

const ALL = ['created thread', 'created message', 'created run', 'updated run', 'updated export', 'removed thread'];

describe('the outbox', () => {
  it('holds nothing but removals of a project that has no endpoint, though others have', async () => {
    await commit(create('webhook_endpoint', aWebhookEndpoint({ projectId: 'proj_other' })));
    for (const projectId of ['proj_a', 'proj_othe', 'proj_other2', 'proj/other', '']) {
      await everything(projectId);
      expect(outbox()).toEqual(['removed thread']);
      embedded.world.db.sql('DELETE FROM outbox').run();
    }
  });

  it('holds everything of one that has, be its name ever so odd, and no longer when it has gone', async () => {
    for (const projectId of ['proj_a', 'a/b%c', 'ü']) {
      const endpoint = aWebhookEndpoint({ projectId });
      await commit(create('webhook_endpoint', endpoint));
      await everything(projectId);
      expect(outbox()).toEqual(ALL);
      embedded.world.db.sql('DELETE FROM outbox').run();
      await commit(remove('webhook_endpoint', endpoint));
      await everything(projectId);
      expect(outbox()).toEqual(['removed thread']);
      embedded.world.db.sql('DELETE FROM outbox').run();
    }
  });

  it('is told a thread at a time, many threads at once', async () => {
    await commit(create('webhook_endpoint', aWebhookEndpoint()));
    const threads = Array.from({ length: 10 }, () => aThread());
    for (const thread of threads) await commit(create('thread', thread), create('message', aMessage({ threadId: thread.id })));
    const underWay: FeedEvent[] = [];
    let letGo = () => undefined as void;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    follow(async (event) => {
      underWay.push(event);
      await held;
    });
    await until(() => underWay.length >= 10, 'ten are told at once');
    expect(underWay.map(({ kind }) => kind)).toEqual(threads.map(() => 'thread'));
    letGo();
    await until(() => underWay.length === 20, 'their messages are told');
    await embedded.clock.pass(0);
    expect(outbox()).toEqual([]);
  });

  it('tells within bounds, however many wait', async () => {
    const threads = Array.from({ length: 60 }, () => aThread());
    await commit(...threads.map((thread) => create('thread', thread)));
    await commit(...threads.map((thread) => remove('thread', thread)));
    let [underWay, most] = [0, 0];
    const told: string[] = [];
    follow(async ({ record }) => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      told.push(record.id);
      underWay--;
    });
    await until(() => told.length === 60, 'all are told');
    expect(most).toBeLessThanOrEqual(16);
    expect(told.toSorted()).toEqual(threads.map(({ id }) => id).toSorted());
  });
});

it('the sweeper removes deliveries when their time has come', async () => {
  await commit(create('delivery', aDelivery('delivered', { removeAfterMs: embedded.clock.nowMs() + 1000 })), create('delivery', aDelivery('failed')));
  follow(() => Promise.resolve());
  await embedded.clock.pass(30_000);
  expect(embedded.world.db.sql('SELECT count(*) AS left FROM delivery').get()).toMatchObject({ left: 1 });
});
