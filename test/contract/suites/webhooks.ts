/** From a committed change to the POST, on the ports of a world: what the engines' feed and queue make of it. */
import { describe, expect, it } from '@jest/globals';
import { armWarnings, warningsJob } from '../../../shared/actions/arm-warnings.ts';
import { postponeDelivery } from '../../../shared/actions/postpone-delivery.ts';
import { replayDelivery } from '../../../shared/actions/replay-delivery.ts';
import { sendDelivery } from '../../../shared/actions/send-delivery.ts';
import { tellWebhooks } from '../../../shared/actions/tell-webhooks.ts';
import { warnExpiry } from '../../../shared/actions/warn-expiry.ts';
import type { Delivery } from '../../../shared/domain/delivery.ts';
import { newId } from '../../../shared/domain/ids.ts';
import { newSigningSecret, type WebhookEndpoint } from '../../../shared/domain/webhook-endpoint.ts';
import { remove, update } from '../../../shared/ports/commit.ts';
import type { World } from '../../../shared/ports/world.ts';
import { aProject, aRun, aThread, DAY_MS, PROJECT } from '../../support/records.ts';
import { bareWorld } from '../../unit/bare-world.ts';
import { type MakeWorld, type Stage, until, useStage } from './stage.ts';

/** The functions as they are wired, with an outside that keeps what it is sent. */
class Wired {
  readonly sent: { id: string; type: string }[] = [];
  status = 200;
  /** So many are dead letters before one is sent again. */
  dead = 0;
  readonly given: object[] = [];
  readonly world: World;
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
    const { store, commit, clock } = stage.world;
    const quiet = () => undefined;
    const post: World['outbound']['post'] = async ({ body }) => {
      this.sent.push(JSON.parse(body) as { id: string; type: string });
      return { status: this.status, body: new Uint8Array(), isCut: false };
    };
    this.world = bareWorld({ store, commit, clock, log: { info: quiet, error: (code, fields) => void this.given.push({ code, ...fields }) }, outbound: { check: quiet, post } });
  }

  start(): void {
    this.#stage.follow((event) => tellWebhooks(this.world, event));
    this.#stage.work(async ({ job, attempt }) => {
      if (job.type === 'arm-warnings') return armWarnings(this.world, job);
      if (job.type === 'warn-expiry') return warnExpiry(this.world, job);
      if (job.type !== 'send-delivery') throw new Error(`nobody sent ${job.type}`);
      return this.dead-- > 0 ? postponeDelivery(this.world, job, () => 0.5) : sendDelivery(this.world, job, attempt, () => 0.5);
    });
  }

  get types(): string[] {
    return this.sent.map(({ type }) => type);
  }

  async endpoint(...eventTypes: string[]): Promise<WebhookEndpoint> {
    const nowMs = this.world.clock.nowMs();
    const endpoint: WebhookEndpoint = { id: newId('webhook_endpoint', nowMs), projectId: PROJECT, rev: 0, createdAtMs: nowMs, name: 'x', url: 'https://example.com/', eventTypes, secrets: [{ secret: newSigningSecret() }] };
    await this.#stage.put('webhook_endpoint', endpoint);
    return endpoint;
  }

  async log({ id }: WebhookEndpoint): Promise<Delivery[]> {
    return (await this.world.store.page('delivery', [PROJECT, id], { order: 'asc', limit: 100 })).items;
  }

  /** Lets time go by until so much was sent. */
  async reach(count: number): Promise<void> {
    for (let seconds = 0; this.sent.length < count && seconds < 120; seconds++) await this.#stage.world.pass(1000);
    await until(() => this.sent.length >= count, `${count} are sent`);
  }

  /** … and the last of it was written down. */
  async settled(endpoint: WebhookEndpoint, status: Delivery['status']): Promise<Delivery[]> {
    for (let seconds = 0; seconds < 120; seconds++) {
      const log = await this.log(endpoint);
      if (log.length > 0 && log.every((delivery) => delivery.status === status)) return log;
      await this.#stage.world.pass(1000);
    }
    throw new Error(`not all are ${status}`);
  }
}

export function describeWebhooks(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: webhooks`, () => {
    const stage = useStage(makeWorld);

    it('are sent what happened, once for each endpoint that wants to know, and written down', async () => {
      const wired = new Wired(stage);
      const [all, some] = [await wired.endpoint('thread.created', 'thread.run.queued', 'thread.run.expired', 'thread.deleted'), await wired.endpoint('thread.deleted')];
      wired.start();
      const thread = aThread();
      await stage.put('thread', thread);
      const run = aRun('queued', { threadId: thread.id });
      await stage.put('run', run);
      const ended = update('run', run, { ...aRun('expired'), id: run.id, threadId: thread.id });
      await stage.world.commit({ name: 'expire', writes: [ended] });
      await wired.reach(3);
      await stage.world.commit({ name: 'delete', writes: [remove('thread', thread)] });
      await wired.reach(5);
      const [first, second] = [await wired.settled(all, 'delivered'), await wired.settled(some, 'delivered')];
      expect(first.map(({ event }) => event.type).sort()).toEqual(['thread.created', 'thread.deleted', 'thread.run.expired', 'thread.run.queued']);
      expect(second.map(({ event }) => event.type)).toEqual(['thread.deleted']);
      expect(wired.types.filter((type) => type === 'thread.deleted')).toHaveLength(2);
      expect(new Set(wired.sent.map(({ id }) => id)).size).toBe(4);
    });

    it('are tried again when they fail, and sent again when they are replayed', async () => {
      const wired = new Wired(stage);
      const endpoint = await wired.endpoint('thread.created');
      wired.status = 503;
      wired.start();
      await stage.put('thread', aThread());
      await wired.reach(2);
      wired.status = 204;
      const [delivery] = await wired.settled(endpoint, 'delivered');
      if (!delivery) throw new Error('nothing was delivered');
      const tries = wired.sent.length;
      expect(delivery.attempts.map(({ status }) => status)).toEqual([...Array.from({ length: tries - 1 }, () => 503), 204]);
      await replayDelivery(wired.world, PROJECT, endpoint.id, delivery.id);
      await wired.reach(tries + 1);
      expect(new Set(wired.sent.map(({ id }) => id)).size).toBe(1);
      expect((await wired.settled(endpoint, 'delivered'))[0]?.attemptCount).toBe(tries + 1);
    });

    it('that nobody could send are tried again like any other', async () => {
      const wired = new Wired(stage);
      const endpoint = await wired.endpoint('thread.created');
      wired.dead = 3;
      wired.start();
      await stage.put('thread', aThread());
      const [delivery] = await wired.settled(endpoint, 'delivered');
      expect(delivery?.attempts.map(({ status, error }) => status ?? error)).toEqual([...Array.from({ length: 3 }, () => 'This server failed before it could tell how it went.'), 200]);
      // Half of five seconds, of ten, of twenty: what is pending is left alone meanwhile.
      const times = delivery?.attempts.map(({ atMs }) => atMs) ?? [];
      for (const [at, pauseMs] of [2500, 5000, 10_000].entries()) expect((times[at + 1] ?? 0) - (times[at] ?? 0)).toBeGreaterThanOrEqual(pauseMs);
      expect(wired.sent).toHaveLength(1);
    });

    it('that nobody could send in three days are given up, and that is logged', async () => {
      const wired = new Wired(stage);
      const endpoint = await wired.endpoint('thread.created');
      await stage.put('thread', aThread());
      let told = 0;
      stage.follow(async (event) => {
        await tellWebhooks(wired.world, event);
        told++;
      });
      await until(() => told === 1, 'a delivery is made');
      const [{ id } = { id: '' }] = await wired.log(endpoint);
      const job = { type: 'send-delivery' as const, projectId: PROJECT, endpointId: endpoint.id, deliveryId: id };
      await stage.world.pass(3 * DAY_MS);
      expect(await postponeDelivery(wired.world, job)).toEqual({ done: true });
      expect(await wired.log(endpoint)).toEqual([expect.objectContaining({ status: 'failed', attemptCount: 1 })]);
      expect(wired.given).toEqual([{ code: 'delivery_given_up', endpointId: endpoint.id, deliveryId: id, attempts: 1 }]);
      // What is over, or unknown, is let lie.
      expect(await postponeDelivery(wired.world, job)).toEqual({ done: true });
      expect(await postponeDelivery(wired.world, { ...job, deliveryId: 'dlv_none' })).toEqual({ done: true });
      expect((await wired.log(endpoint))[0]?.attemptCount).toBe(1);
      expect(wired.given).toHaveLength(1);
    });

    it('warn of threads that were there before anybody wanted to be warned', async () => {
      const wired = new Wired(stage);
      const endpoint = await wired.endpoint('thread.expiring');
      const threads = Array.from({ length: 120 }, () => aThread());
      await stage.put('thread', ...threads.slice(0, 60));
      await stage.put('thread', ...threads.slice(60));
      wired.start();
      // As it may be on AWS: the job is there before what it is about.
      await stage.world.commit({ name: 'ask', writes: [], jobs: [warningsJob(PROJECT, stage.world.clock.nowMs())] });
      await stage.world.pass(1000);
      await stage.put('project', aProject({ id: PROJECT, expiringDays: 30 }));
      await stage.world.pass(29 * DAY_MS);
      expect(wired.sent).toEqual([]);
      await stage.world.pass(2 * DAY_MS);
      await wired.reach(threads.length);
      await stage.world.pass(DAY_MS);
      expect(wired.sent).toHaveLength(threads.length);
      const told: string[] = [];
      for (let after: string | undefined, isMore = true; isMore; ) {
        const page = await wired.world.store.page('delivery', [PROJECT, endpoint.id], { order: 'asc', limit: 100, after });
        told.push(...page.items.map(({ event }) => event.data.id));
        after = page.items.at(-1)?.id;
        isMore = page.hasMore;
      }
      expect(told.toSorted()).toEqual(threads.map(({ id }) => id).toSorted());
    });
  });
}
