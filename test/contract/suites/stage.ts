/** What every suite stands on: one world for each test, the hand on its clock, and waiting for a condition. */
import { afterEach, beforeEach, jest } from '@jest/globals';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/domain/clock.ts';
import { type Commit, create } from '../../../shared/ports/commit.ts';
import type { Blobs } from '../../../shared/ports/blobs.ts';
import type { Feed, FeedEvent } from '../../../shared/ports/feed.ts';
import type { Handle, Queue } from '../../../shared/ports/queue.ts';
import type { Kind, RecordOf, Store } from '../../../shared/ports/store.ts';

/** The ports of one world on an engine that nobody else uses. The data begins empty, but for keys that a fresh engine has. */
export interface ContractWorld {
  store: Store;
  commit: Commit;
  queue: Queue;
  feed: Feed;
  blobs: Blobs;
  clock: Clock;
  traits: Traits;
  /** Waits for `ms`: what is under way comes to rest first, and what falls due meanwhile has been begun when it resolves. */
  pass(ms: number): Promise<void>;
  /** Has the engine remove what is past its `removeAfterMs`, as by itself it does sooner or later. */
  sweep(): Promise<void>;
  /** The same data as another process finds it, after this one has died: what it had not acknowledged is left as it was. */
  reopen(): Promise<ContractWorld>;
  close(): Promise<void>;
}

/** Where the ports leave engines room, what this one does. */
export interface Traits {
  /** Jobs and timers of a change that did not commit are never delivered. Otherwise they may be. */
  jobsNeedCommit: boolean;
  /** Of two jobs of one name only the later is delivered, and a cancelled one not at all. Otherwise both may be. */
  namesReplace: boolean;
  /** After this time at the latest what a dead process had not acknowledged comes again. */
  redeliveryMs: number;
  /** A run that is to be driven at once is told of a second time, a minute later. */
  tellsRunsTwice: boolean;
  /** After this time at the latest an event comes again whose handler threw for the first time. */
  feedRetryMs: number;
  /** An event whose handler throws holds up those of its own thread alone. (Of a stream it is a shard's.) */
  feedIsParallel: boolean;
}

export type MakeWorld = () => Promise<ContractWorld>;

/** The world of the test that runs, and what it has started. */
export class Stage {
  #world: ContractWorld | undefined;
  #stops: (() => void)[] = [];

  async open(makeWorld: MakeWorld): Promise<void> {
    this.#world = await makeWorld();
  }

  get world(): ContractWorld {
    if (!this.#world) throw new Error('there is no world outside a test');
    return this.#world;
  }

  /** Starts a consumer of the queue that ends with the test. */
  work(handle: Handle): { stop(): void } {
    return this.#keep(this.world.queue.consume(handle));
  }

  /** Starts a consumer of the feed that ends with the test. */
  follow(handle: (event: FeedEvent) => Promise<void>): { stop(): void } {
    return this.#keep(this.world.feed.consume(handle));
  }

  /** Commits new records of one kind. */
  async put<K extends Kind>(kind: K, ...records: RecordOf<K>[]): Promise<void> {
    await this.world.commit({ name: 'put', writes: records.map((record) => create(kind, record)) });
  }

  async reopen(): Promise<ContractWorld> {
    this.#stopAll();
    this.#world = await this.world.reopen();
    return this.#world;
  }

  async close(): Promise<void> {
    this.#stopAll();
    await this.#world?.close();
    this.#world = undefined;
  }

  #keep(consumer: { stop(): void }): { stop(): void } {
    this.#stops.push(() => consumer.stop());
    return consumer;
  }

  #stopAll(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}

/** To be called inside `describe`: opens a world before each of its tests and closes it after. */
export function useStage(makeWorld: MakeWorld): Stage {
  // A real engine needs its time; no test waits for this, it only ends those that hang.
  jest.setTimeout(120_000);
  const stage = new Stage();
  beforeEach(() => stage.open(makeWorld));
  afterEach(() => stage.close());
  return stage;
}

/** Bounds a failure on a busy machine; measures nothing. */
const PATIENCE_MS = 30_000;

/** Resolves when `condition` holds. Looks in every turn of the event loop at first, then ever so often. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  for (let looks = 0; !condition(); looks++) {
    if (patience.aborted) throw new Error(`waited in vain until ${what}`);
    await (looks < 100 ? turn() : delay(5));
  }
}

/** The error that `attempt` rejects with. */
export async function failureOf(attempt: Promise<unknown>): Promise<unknown> {
  try {
    await attempt;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection, but it resolved');
}
