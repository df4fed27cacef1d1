/** The one clock of a deployment under test: real time plus an offset, which engines and execution environments follow. */
import { TestClock } from '../../support/test-clock.ts';
import type { Clock } from '../../../shared/domain/clock.ts';

/** `fire`: what fell due meanwhile goes off. */
export interface Move {
  offsetMs: number;
  fire: boolean;
}

export interface CloudClock extends Clock {
  readonly offsetMs: number;
  /** `fn` is awaited at each move. Returns what ends that. */
  onMove(fn: (move: Move) => Promise<void>): () => void;
}

export class MovedClock implements CloudClock {
  readonly #clock = new TestClock();
  readonly #followers = new Set<(move: Move) => Promise<void>>();
  #offsetMs = 0;

  get offsetMs(): number {
    return this.#offsetMs;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  after(delayMs: number, fn: () => void): () => void {
    return this.#clock.after(delayMs, fn);
  }

  onMove(fn: (move: Move) => Promise<void>): () => void {
    this.#followers.add(fn);
    return () => void this.#followers.delete(fn);
  }

  /** At once it is `ms` later everywhere; with `fire` the timers of that time go off, first the harness's own. */
  async move(ms: number, fire: boolean): Promise<void> {
    this.#offsetMs += ms;
    if (fire) this.#clock.jump(ms);
    else this.#clock.skip(ms);
    await Promise.all([...this.#followers].map((follow) => follow({ offsetMs: this.#offsetMs, fire })));
  }
}
