/** A clock that stands still until a test moves it. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../shared/domain/clock.ts';

interface Alarm {
  dueMs: number;
  fn: () => void;
}

/** Any whole second will do. */
export const START_MS = Date.UTC(2026, 0, 15, 12);

/** Turns of the event loop that `pass` gives to what an alarm has set off before time goes on. */
const TURNS = 8;

export class ManualClock implements Clock {
  #nowMs: number;
  readonly #alarms = new Set<Alarm>();

  constructor(startMs = START_MS) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** What is due already fires by itself, in a later turn of the event loop: time need not move for it. */
  after(delayMs: number, fn: () => void): () => void {
    const alarm = { dueMs: this.#nowMs + Math.max(delayMs, 0), fn };
    this.#alarms.add(alarm);
    if (delayMs <= 0) setImmediate(() => this.#alarms.has(alarm) && this.#fire(alarm));
    return () => void this.#alarms.delete(alarm);
  }

  /** Alarms that neither fired nor were cancelled. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Moves on by `ms`, all at once: every alarm due by then fires at its own time, in order, also those set meanwhile. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) this.#fire(next);
    this.#nowMs = untilMs;
  }

  /** The same, but as waiting is: what has begun goes on first (promises, commits), and so does what each alarm sets off. */
  async pass(ms: number): Promise<void> {
    await turns();
    const untilMs = this.#nowMs + ms;
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) {
      this.#fire(next);
      await turns();
    }
    this.#nowMs = untilMs;
    await turns();
  }

  #fire(alarm: Alarm): void {
    this.#alarms.delete(alarm);
    this.#nowMs = Math.max(this.#nowMs, alarm.dueMs);
    alarm.fn();
  }

  /** The earliest alarm due by then; of equals the one that was set first. */
  #next(untilMs: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.dueMs <= untilMs && (first === undefined || alarm.dueMs < first.dueMs)) first = alarm;
    }
    return first;
  }
}

async function turns(): Promise<void> {
  for (let n = 0; n < TURNS; n++) await turn();
}
