/** Counts how many times, one after the other, something waits for DynamoDB: not requests, of which several may be under way at once. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { setImmediate as turn } from 'node:timers/promises';
import type { RequestCount } from '../support/engines/count-requests.ts';

/** Turns of the event loop without any news after which nothing more will happen until DynamoDB answers. */
const CALM_TURNS = 10;

/**
 * Holds each request to DynamoDB back until nothing else can go on, then lets all of them go together: that is one trip. What is asked of
 * other services passes at once. So the count depends neither on how fast engines are nor on which answer comes first.
 */
export class Trips {
  readonly #requests: RequestCount;
  #held: (() => void)[] = [];
  #isOpen = true;
  count = 0;

  constructor(db: DynamoDBClient, requests: RequestCount) {
    this.#requests = requests;
    // Once for each request, whatever the client does to have it answered.
    db.middlewareStack.add((next) => async (args) => (await this.#wait(), next(args)), { step: 'build', name: 'trips' });
  }

  /** Resolves as `work` does; `count` begins anew. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.count = 0;
    this.#isOpen = false;
    const result = work().finally(() => (this.#isOpen = true));
    // Whoever waits for it below must not be the first to hear of a failure.
    result.catch(() => undefined);
    while (!this.#isOpen) await this.#letGo();
    this.#release();
    return result;
  }

  #wait(): Promise<void> {
    return this.#isOpen ? Promise.resolve() : new Promise((resolve) => this.#held.push(resolve));
  }

  async #letGo(): Promise<void> {
    for (let calm = 0, seen = -1; calm < CALM_TURNS; calm++) {
      await turn();
      const isBusy = this.#requests.underWay > this.#held.length;
      if (isBusy || this.#requests.total !== seen) calm = 0;
      seen = this.#requests.total;
    }
    if (this.#held.length === 0) return;
    this.count++;
    this.#release();
  }

  #release(): void {
    for (const go of this.#held.splice(0)) go();
  }
}
