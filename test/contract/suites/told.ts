/** A consumer of the feed, for its suites. */
import type { Thread } from '../../../shared/domain/thread.ts';
import { remove } from '../../../shared/ports/commit.ts';
import type { FeedEvent, FeedEventOf } from '../../../shared/ports/feed.ts';
import { aThread } from '../../support/records.ts';
import { type Stage, until } from './stage.ts';

type Tell = (event: FeedEvent) => Promise<void>;

const isFence = ({ record }: FeedEvent): boolean => record.id.startsWith('thread_fence');

/** A consumer that keeps what it is told. */
export class Told {
  readonly events: FeedEvent[] = [];
  readonly #stage: Stage;
  readonly consumer: { stop(): void };

  constructor(stage: Stage, tell: Tell = () => Promise.resolve()) {
    this.#stage = stage;
    this.consumer = stage.follow(async (event) => {
      this.events.push(event);
      if (!isFence(event)) await tell(event);
    });
  }

  /** What was told, without fences. */
  get changes(): FeedEvent[] {
    return this.events.filter((event) => !isFence(event));
  }

  get removals(): FeedEventOf<'removed'>[] {
    return this.changes.filter((event) => event.type === 'removed');
  }

  /** The threads whose removal was told. */
  get threads(): Thread[] {
    return this.removals.flatMap((event) => (event.kind === 'thread' ? [event.record] : []));
  }

  count(id: string): number {
    return this.threads.filter((thread) => thread.id === id).length;
  }

  reach(id: string, count = 1): Promise<void> {
    return until(() => this.count(id) >= count, `the removal of ${id} has been told ${count} time(s)`);
  }

  /** The same for what must be told again: time goes by until it has been, as pauses may grow. */
  async again(id: string, count: number): Promise<void> {
    const { world } = this.#stage;
    for (let tries = 0; tries < 20 && this.count(id) < count; tries++) await world.pass(world.traits.feedRetryMs);
    await this.reach(id, count);
  }

  /** Resolves when a removal committed now has been told: what has not come by then was not to be told. */
  async fence(): Promise<void> {
    const thread = aThread({ id: aThread().id.replace('thread_', 'thread_fence') });
    await this.#stage.put('thread', thread);
    await this.#stage.world.commit({ name: 'fence', writes: [remove('thread', thread)] });
    await until(() => this.events.some((event) => event.type === 'removed' && event.record.id === thread.id), 'a removal has been told');
  }
}
