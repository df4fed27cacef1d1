/** From a committed change to the POST, on the ports of a world: what the engines' feed and queue make of it. */
import { describe, expect, it } from '@jest/globals';
import { replayDelivery } from '../../../shared/actions/replay-delivery.ts';
import { sendDelivery } from '../../../shared/actions/send-delivery.ts';
import { tellWebhooks } from '../../../shared/actions/tell-webhooks.ts';
import type { Delivery } from '../../../shared/domain/delivery.ts';
import { newId } from '../../../shared/domain/ids.ts';
import { newSigningSecret, type WebhookEndpoint } from '../../../shared/domain/webhook-endpoint.ts';
import { remove, update } from '../../../shared/ports/commit.ts';
import type { World } from '../../../shared/ports/world.ts';
import { aRun, aThread, PROJECT } from '../../support/records.ts';
import { bareWorld } from '../../unit/bare-world.ts';
import { type MakeWorld, type Stage, until, useStage } from './stage.ts';

/** The functions as they are wired, with an outside that keeps what it is sent. */
class Wired {
  readonly sent: { id: string; type: string }[] = [];
  status = 200;
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
    this.world = bareWorld({ store, commit, clock, log: { info: quiet, error: quiet }, outbound: { check: quiet, post } });
  }

  start(): void {
    this.#stage.follow((event) => tellWebhooks(this.world, event));
    this.#stage.work(async ({ job, attempt }) => {
      if (job.type !== 'send-delivery') throw new Error(`nobody sent ${job.type}`);
      return sendDelivery(this.world, job, attempt, () => 0.5);
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
  });
}
