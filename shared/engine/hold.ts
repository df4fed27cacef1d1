import { type Lease, type Run, type RunOf, releaseTo } from '../domain/run.ts';
import { ConflictError, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { Interrupt } from './interrupt.ts';
import { onAbort } from './on-abort.ts';
import type { RunSignals } from './run-signals.ts';

/** How long a lease lasts: a run whose driver died is taken over after this long at the latest. */
export const LEASE_MS = 30_000;
/** How often a driver looks at its run: the longest that a cancellation from another process goes unnoticed. */
const LOOK_EVERY_MS = 2000;
/** A lease with less than this left is renewed; leaves several looks' time if a write fails. */
export const RENEW_BELOW_MS = 20_000;

export const newLease = (world: World): Lease => ({ owner: world.owner, untilMs: world.clock.nowMs() + LEASE_MS });

/** The run as somebody else has left it; absent when it is gone with its thread. */
export interface LostRun {
  stored: Run | undefined;
}

/**
 * A driver's hold on its run: the record as last seen, kept under a live lease, and a signal that aborts when the run is
 * cancelled, expired or somebody else's, or is to be given back.
 */
export class Hold {
  readonly #world: World;
  readonly #controller = new AbortController();
  readonly #stops: (() => void)[] = [];
  #stopLooking = () => undefined as void;
  #isResting = false;
  #run: RunOf<'in_progress' | 'cancelling'>;
  #released = false;
  #lost: LostRun | undefined;
  #looking: Promise<void> | undefined;

  constructor(world: World, signals: RunSignals, run: RunOf<'in_progress'>, giveBack: AbortSignal | undefined) {
    this.#world = world;
    this.#run = run;
    this.#stops.push(signals.listen(run.id, () => this.#lookQuietly()));
    this.#stops.push(world.clock.after(run.expiresAtMs - world.clock.nowMs(), () => this.#interrupt('expired')));
    if (giveBack) this.#stops.push(onAbort(giveBack, () => this.#interrupt('given back')));
    this.#lookAgainLater();
  }

  get run(): RunOf<'in_progress' | 'cancelling'> {
    return this.#run;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Set when the run is no longer this driver's, so that it must not write to it any more. */
  get lost(): LostRun | undefined {
    return this.#lost;
  }

  /** Adopts the record that a commit of the driver's own has stored, unless a look has shown a newer one meanwhile. */
  adopt(run: RunOf<'in_progress' | 'cancelling'>): void {
    if (run.rev > this.#run.rev) this.#run = run;
  }

  release(): void {
    this.#released = true;
    this.#stopLooking();
    for (const stop of this.#stops) stop();
  }

  /** Throws the Interrupt when there has been one, or when the run's window has closed and its timer is late. */
  check(): void {
    if (this.isPastWindow) this.#interrupt('expired');
    this.signal.throwIfAborted();
  }

  get isPastWindow(): boolean {
    return this.#world.clock.nowMs() >= this.#run.expiresAtMs;
  }

  /**
   * Commits something after which the run is no longer this driver's to hold. Looks have no effect meanwhile: one that saw the
   * outcome before the commit has answered would take it for another's.
   */
  async rest<T>(commit: () => Promise<T>): Promise<T> {
    this.#isResting = true;
    try {
      return await commit();
    } catch (error) {
      this.#isResting = false;
      throw error;
    }
  }

  /** Reads the run again: after a conflict, now and then, and when told to. One look at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    if (this.#released) return;
    const seen = this.#run;
    const { store } = this.#world;
    const [stored, thread] = await Promise.all([store.get(keys.run(seen.projectId, seen.threadId, seen.id)), store.get(keys.thread(seen.projectId, seen.threadId))]);
    if (this.#released || this.#isResting || (stored && stored.rev < this.#run.rev)) return;
    // What hangs under a deleted thread is still being reaped.
    if (!thread) return this.lose(undefined);
    if (stored?.status !== 'in_progress' && stored?.status !== 'cancelling') return this.lose(stored);
    if (stored.lease?.owner !== this.#world.owner) return this.lose(stored);
    this.#run = stored;
    if (stored.status === 'cancelling') return this.#interrupt('cancelled');
    if (stored.lease.untilMs - this.#world.clock.nowMs() < RENEW_BELOW_MS) await this.#renew(stored);
  }

  async #renew(run: RunOf<'in_progress'>): Promise<void> {
    const write = update('run', run, releaseTo(run, newLease(this.#world)));
    try {
      await this.#world.commit({ name: 'renew-lease', writes: [write] });
      this.adopt(write.record);
    } catch (error) {
      // Somebody changed the run in between; the next look shows what it is now.
      if (!(error instanceof ConflictError)) throw error;
    }
  }

  #lookAgainLater(): void {
    this.#stopLooking = this.#world.clock.after(LOOK_EVERY_MS, () => {
      this.#lookQuietly();
      this.#lookAgainLater();
    });
  }

  /** A look that fails is only a look missed. */
  #lookQuietly(): void {
    this.look().catch((error: unknown) => this.#world.log.error('job_failed', { runId: this.#run.id, error }));
  }

  /** Holds also when the signal has aborted before, for a reason that another process was faster to act upon. */
  lose(stored: Run | undefined): void {
    this.#lost = { stored };
    this.#interrupt('lost');
  }

  #interrupt(why: Interrupt['why']): void {
    this.#controller.abort(new Interrupt(why));
  }
}
