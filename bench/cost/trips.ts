/** How often something waits for an answer of AWS before the model is asked, one time after another. */
import { setTimeout as delay } from 'node:timers/promises';
import type { AwsFront, Call } from '../../test/cloud/harness/aws-front.ts';

/** Real time without any news, after which nothing more will be asked until what is held has its answer. */
const CALM_MS = 120;
const LOOK_EVERY_MS = 5;

interface Held {
  what: string;
  go: () => void;
}

/** What was asked at once, as `Api GetItem`. */
export type Trip = string[];

/**
 * Holds calls back until nothing else can go on, then lets all of them go together: that is one trip. So the count depends neither on
 * how fast the engines are nor on which answer comes first. Other calls pass at once.
 */
export class Trips {
  readonly made: Trip[] = [];
  readonly #front: Pick<AwsFront, 'total' | 'underWay'>;
  readonly #isHeld: (call: Call) => boolean;
  readonly #elsewhere: () => number;
  #held: Held[] = [];
  #ended = false;

  /** `elsewhere` tells how many calls somebody else holds. */
  constructor(front: Pick<AwsFront, 'total' | 'underWay'>, isHeld: (call: Call) => boolean, elsewhere: () => number) {
    this.#front = front;
    this.#isHeld = isHeld;
    this.#elsewhere = elsewhere;
  }

  /** For each call before it is passed on. */
  async wait(call: Call): Promise<void> {
    if (this.#ended || call.principal.endsWith('.mapping') || !this.#isHeld(call)) return;
    const what = `${call.functionId.replace(/Fn[0-9A-F]{8}$/, '')} ${call.operation}`;
    await new Promise<void>((go) => void this.#held.push({ what, go }));
  }

  /** Resolves when `end` does; what is still held then was not waited for by it. */
  async until(end: Promise<unknown>): Promise<Trip[]> {
    let hasEnded = false;
    const ending = end.then(() => (hasEnded = true));
    while (!hasEnded) await this.#next(() => hasEnded);
    this.#ended = true;
    this.#release();
    await ending;
    return this.made;
  }

  async #next(hasEnded: () => boolean): Promise<void> {
    let seen = -1;
    for (let sinceMs = performance.now(); performance.now() - sinceMs < CALM_MS && !hasEnded(); await delay(LOOK_EVERY_MS)) {
      const isBusy = this.#front.underWay > this.#held.length + this.#elsewhere();
      const news = this.#front.total + this.#held.length;
      if (isBusy || news !== seen) sinceMs = performance.now();
      seen = news;
    }
    if (hasEnded() || this.#held.length === 0) return;
    this.made.push(this.#held.map(({ what }) => what).sort());
    this.#release();
  }

  #release(): void {
    for (const { go } of this.#held.splice(0)) go();
  }
}
