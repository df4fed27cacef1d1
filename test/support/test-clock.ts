/** A clock that tests move: real time plus an offset. What was set for a moment that has been jumped over fires at once. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Clock, systemClock } from '../../shared/domain/clock.ts';

interface Pending {
  dueMs: number;
  fire: () => void;
}

/** Turns of the event loop given to what a callback has set off before time goes on. */
const TURNS = 5;

export class TestClock implements Clock {
  readonly #real: Clock;
  readonly #pending = new Set<Pending>();
  #offsetMs = 0;

  constructor(real: Clock = systemClock) {
    this.#real = real;
  }

  nowMs(): number {
    return this.#real.nowMs() + this.#offsetMs;
  }

  after(delayMs: number, fn: () => void): () => void {
    const pending: Pending = {
      dueMs: this.nowMs() + Math.max(delayMs, 0),
      fire: () => {
        forget();
        fn();
      },
    };
    const cancel = this.#real.after(delayMs, pending.fire);
    const forget = () => {
      cancel();
      this.#pending.delete(pending);
    };
    this.#pending.add(pending);
    return forget;
  }

  /** It is `ms` later, but no timer has noticed: what is read now must be true all the same. */
  skip(ms: number): void {
    this.#offsetMs += ms;
  }

  /** As a machine that slept: at once it is `ms` later, and all that fell due meanwhile fires in its order. */
  jump(ms: number): void {
    this.#offsetMs += ms;
    for (let next = this.#firstDue(this.nowMs()); next; next = this.#firstDue(this.nowMs())) next.fire();
  }

  /** As `ms` of waiting: each callback fires at its own moment, and what it sets off goes on before the next one. */
  async pass(ms: number): Promise<void> {
    const targetMs = this.nowMs() + ms;
    for (let next = this.#firstDue(targetMs); next; next = this.#firstDue(targetMs)) {
      this.#offsetMs += Math.max(next.dueMs - this.nowMs(), 0);
      next.fire();
      for (let n = 0; n < TURNS; n++) await turn();
    }
    this.#offsetMs += Math.max(targetMs - this.nowMs(), 0);
  }

  #firstDue(nowMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.dueMs <= nowMs && (first === undefined || pending.dueMs < first.dueMs)) first = pending;
    }
    return first;
  }
}
