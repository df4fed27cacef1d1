/** The AWS world as the suites want it: real engines, their time held, and event sources that deliver as AWS's own do. */
import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clients } from '../../shared/aws/clients.ts';
import { type AwsWorld, openAwsWorld } from '../../shared/aws/index.ts';
import type { Clock } from '../../shared/domain/clock.ts';
import type { Feed } from '../../shared/ports/feed.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Queue } from '../../shared/ports/queue.ts';
import { AgentCore } from '../support/engines/agentcore.ts';
import type { AwsEngines, AwsResources } from '../support/engines/aws-engines.ts';
import { countRequests, type RequestCount } from '../support/engines/count-requests.ts';
import { MortalClock, WatchedClock } from '../support/engines/clocks.ts';
import { QueueSource } from '../support/engines/queue-source.ts';
import { RETRY_MS, StreamPosition, StreamSource } from '../support/engines/stream-source.ts';
import { TimerSource } from '../support/engines/timer-source.ts';
import type { ContractWorld } from './suites/stage.ts';

/** Turns of the event loop that an answer gets to set something off. */
const TURNS = 4;

const INTERPRETER = 'threadkeep-Ab12Cd34Ef';

const silent: Log = { info: () => undefined, error: () => undefined };

/** What outlives the processes of a world. */
interface Ground {
  engines: AwsEngines;
  resources: AwsResources;
  clock: WatchedClock;
  position: StreamPosition;
  timers: TimerSource;
  core: AgentCore;
}

export interface AwsStage extends ContractWorld {
  world: AwsWorld;
  resources: AwsResources;
  requests: RequestCount;
  /** Where the world's code is executed, unless the test has given it clients of its own. */
  core: AgentCore;
  reopen(): Promise<AwsStage>;
}

export interface AwsOptions {
  clients?: Clients;
  log?: Log;
}

export async function makeAwsWorld(engines: AwsEngines, options: AwsOptions = {}): Promise<AwsStage> {
  const clock = new WatchedClock();
  await Promise.all([engines.fauxqs.holdAt(clock.nowMs()), engines.machines.holdAt(clock.nowMs())]);
  const timers = new TimerSource();
  const [resources, core] = await Promise.all([engines.makeResources((task) => timers.onTask(task)), AgentCore.start({ clock })]);
  return open({ engines, resources, clock, timers, core, position: new StreamPosition(engines.dynoxide.endpoint, resources.table, clock) }, options);
}

/** One process's life on this ground. */
function open(ground: Ground, { clients = ground.engines.clients({ agentcore: ground.core.endpoint }), log = silent }: AwsOptions): AwsStage {
  const { engines, resources, timers, position, core } = ground;
  const clock = new MortalClock(ground.clock);
  const requests = countRequests(clients);
  const world = openAwsWorld({
    resources: { ...resources, codeInterpreter: INTERPRETER },
    model: { provider: 'demo' },
    config: { runWindowSeconds: 600, retention: { days: 60 }, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 },
    clock,
    log,
    clients,
  });
  const sources: QueueSource[] = [];
  const streams: StreamSource[] = [];
  const queue: Queue = {
    consume(handle) {
      const mine = [resources.queueUrl, resources.webhookQueueUrl].map((url) => new QueueSource(engines.hands.sqs, url, (record) => world.handleRecord(record, handle)));
      const takeLeave = timers.consume((input) => world.handleTimer(input, handle));
      sources.push(...mine);
      return {
        stop() {
          for (const source of mine) source.stop();
          takeLeave();
        },
      };
    },
  };
  const feed: Feed = {
    consume(handle) {
      const source = new StreamSource(position, clock, async (record) => {
        const event = await world.eventOf(record);
        if (event) await handle(event);
      });
      streams.push(source);
      return { stop: () => source.stop() };
    },
  };
  const time = new HeldTime(ground, sources, requests);
  return {
    store: world.store,
    commit: world.commit,
    queue,
    feed,
    blobs: world.blobs,
    clock,
    world,
    resources,
    requests,
    core,
    traits: { jobsNeedCommit: false, namesReplace: false, redeliveryMs: 60_000, tellsRunsTwice: true, feedRetryMs: RETRY_MS, feedIsParallel: false },
    pass: (ms) => time.pass(ms),
    async sweep() {
      await removeExpired(engines, resources.table, clock);
      await time.settle();
    },
    async reopen() {
      await die();
      return open(ground, {});
    },
    async close() {
      await die();
      await engines.removeResources(resources);
      await core[Symbol.asyncDispose]();
    },
  };

  async function die(): Promise<void> {
    for (const source of [...sources, ...streams]) source.stop();
    timers.die();
    clock.die();
    await Promise.all([world.drained(), ...[...sources, ...streams].map((source) => source.rest())]);
    // What a process has sent before it died arrives all the same.
    while (requests.underWay > 0) await turn();
    for (const client of Object.values(clients) as { destroy(): void }[]) client.destroy();
  }
}

/** Moves the clock of the world and those of the engines together, stopping wherever something falls due. */
class HeldTime {
  readonly #ground: Ground;
  readonly #sources: readonly QueueSource[];
  readonly #requests: RequestCount;

  constructor(ground: Ground, sources: readonly QueueSource[], requests: RequestCount) {
    this.#ground = ground;
    this.#sources = sources;
    this.#requests = requests;
  }

  async pass(ms: number): Promise<void> {
    const { clock } = this.#ground;
    const untilMs = clock.nowMs() + ms;
    for (let nextMs = await this.settle(); nextMs <= untilMs; nextMs = await this.settle()) await this.#moveTo(nextMs);
    await this.#moveTo(untilMs);
    await this.settle();
  }

  /** Resolves when only time, or the test, can make anything happen: to when time next will. */
  async settle(): Promise<number> {
    const { clock, engines, resources } = this.#ground;
    for (;;) {
      while (this.#isBusy) await turn();
      const { total } = this.#requests;
      const [jobs, deliveries, machineDueMs] = await Promise.all([engines.fauxqs.duesOf(resources.queue), engines.fauxqs.duesOf(resources.webhookQueue), engines.machines.nextDueMs()]);
      const dues = [...jobs, ...deliveries];
      for (let n = 0; n < TURNS; n++) await turn();
      const isDelivered = !this.#sources.some(({ running }) => running) || dues.every((dueMs) => dueMs > clock.nowMs());
      const isCalm = isDelivered && !this.#isBusy && total === this.#requests.total;
      if (isCalm) return Math.min(clock.nextDueMs ?? Infinity, machineDueMs ?? Infinity, ...dues.filter((dueMs) => dueMs > clock.nowMs()));
      if (!isDelivered) for (const source of this.#sources) source.wake();
    }
  }

  get #isBusy(): boolean {
    return this.#requests.underWay > 0 || this.#sources.some(({ busy }) => busy);
  }

  async #moveTo(nowMs: number): Promise<void> {
    const { clock, engines } = this.#ground;
    // The world's own first: what the engines then deliver must not seem too early to it.
    await clock.pass(nowMs - clock.nowMs());
    await Promise.all([engines.fauxqs.holdAt(nowMs), engines.machines.moveTo(nowMs)]);
    for (const source of this.#sources) source.wake();
  }
}

/** What DynamoDB's time to live does by itself within days, and dynoxide never. */
async function removeExpired({ hands: { db } }: AwsEngines, TableName: string, clock: Clock): Promise<void> {
  const nowS = Math.floor(clock.nowMs() / 1000);
  let ExclusiveStartKey: ScanCommand['input']['ExclusiveStartKey'];
  do {
    const page = await db.send(new ScanCommand({ TableName, FilterExpression: 'attribute_exists(#ttl) AND #ttl <= :now', ExpressionAttributeNames: { '#ttl': 'ttl' }, ExpressionAttributeValues: { ':now': { N: String(nowS) } }, ExclusiveStartKey }));
    for (const { pk, sk } of page.Items ?? []) if (pk && sk) await db.send(new DeleteItemCommand({ TableName, Key: { pk, sk } }));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
}
