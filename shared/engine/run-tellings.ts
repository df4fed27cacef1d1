/** What the drivers of this process say of their runs, for whoever follows one of them here. */
import type { Clock } from '../domain/clock.ts';
import type { OpenMessage } from '../domain/message.ts';
import type { RunEvent } from '../domain/run-event.ts';
import type { StepOf } from '../domain/run-step.ts';

/** A step that its driver has told of and not stored yet, as far as it has come. */
export interface Unstored {
  step: StepOf<'in_progress'>;
  message: OpenMessage | undefined;
}

/** Where a driver's turn can be looked at. */
interface TurnSoFar {
  stepSoFar: StepOf<'in_progress'> | undefined;
  messageSoFar: OpenMessage | undefined;
}

/** A driver at work, as its listeners know it. */
class Driver {
  readonly #turn: () => TurnSoFar | undefined;
  #openStepId: string | undefined;

  constructor(turn: () => TurnSoFar | undefined) {
    this.#turn = turn;
  }

  /** The turn keeps its step for a moment after it has been told as completed, so what counts is what was told. */
  note(event: RunEvent): void {
    if (event.type === 'thread.run.step.created') this.#openStepId = event.step.id;
    else if ('step' in event && event.step.status !== 'in_progress') this.#openStepId = undefined;
  }

  get unstored(): Unstored | undefined {
    const turn = this.#turn();
    const step = turn?.stepSoFar;
    if (step === undefined || step.id !== this.#openStepId) return undefined;
    // The turn goes on with its calls where they are.
    return { step: structuredClone(step), message: turn?.messageSoFar };
  }
}

interface Channel {
  driver: Driver | undefined;
  listeners: Set<Listening>;
}

export class RunTellings {
  readonly #channels = new Map<string, Channel>();

  /** A driver begins; `turn` is what it has under way whenever it is asked. What it tells reaches all who listen, until it ends. */
  begin(runId: string, turn: () => TurnSoFar | undefined): { tell(event: RunEvent): void; end(): void } {
    const channel = this.#channel(runId);
    const driver = new Driver(turn);
    channel.driver = driver;
    for (const listener of channel.listeners) listener.wake();
    return {
      tell: (event) => {
        driver.note(event);
        // One that was outlived by its successor here has nothing to say any more.
        if (channel.driver === driver) for (const listener of channel.listeners) listener.hear(driver, event);
      },
      end: () => {
        if (channel.driver === driver) channel.driver = undefined;
        for (const listener of channel.listeners) listener.wake();
        this.#tidy(runId, channel);
      },
    };
  }

  /** To be closed when it is no longer needed. */
  listen(runId: string): Listening {
    const channel = this.#channel(runId);
    const listening = new Listening(channel, () => {
      channel.listeners.delete(listening);
      this.#tidy(runId, channel);
    });
    channel.listeners.add(listening);
    return listening;
  }

  /** Runs that are driven or listened to at this moment. */
  get size(): number {
    return this.#channels.size;
  }

  #channel(runId: string): Channel {
    const known = this.#channels.get(runId);
    if (known) return known;
    const made: Channel = { driver: undefined, listeners: new Set() };
    this.#channels.set(runId, made);
    return made;
  }

  #tidy(runId: string, channel: Channel): void {
    const { driver, listeners } = channel;
    // An older one of that name says nothing of the one that is there now.
    if (driver === undefined && listeners.size === 0 && this.#channels.get(runId) === channel) this.#channels.delete(runId);
  }
}

/** One who listens to a run, to one driver of it at a time. */
export class Listening {
  readonly #channel: Channel;
  readonly #leave: () => void;
  #driver: Driver | undefined;
  #heard: RunEvent[] = [];
  #hasNews = false;
  #isClosed = false;
  #wakeUp: (() => void) | undefined;

  constructor(channel: Channel, leave: () => void) {
    this.#channel = channel;
    this.#leave = leave;
  }

  /** Turns to whoever drives the run in this process now, if anybody does: what is open there at this moment; what follows is heard. */
  attach(): Unstored | undefined {
    this.#driver = this.#channel.driver;
    this.#heard = [];
    this.#hasNews = false;
    return this.#driver?.unstored;
  }

  /** True while the driver that was there at `attach` is at work. */
  get isDriven(): boolean {
    return this.#driver !== undefined && this.#driver === this.#channel.driver;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What was heard since the last time. */
  take(): RunEvent[] {
    const heard = this.#heard;
    this.#heard = [];
    // Another driver, or none, is news until it is attached to.
    this.#hasNews = this.#driver !== this.#channel.driver;
    return heard;
  }

  /** Resolves when something is heard, a driver begins or ends, this is closed, or after `ms` if given. */
  news(clock: Clock, ms?: number): Promise<void> {
    if (this.#hasNews || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = ms === undefined ? undefined : clock.after(ms, () => this.#wakeUp?.());
      this.#wakeUp = () => {
        cancel?.();
        this.#wakeUp = undefined;
        resolve();
      };
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#leave();
    this.#wakeUp?.();
  }

  /** For the channel alone. */
  hear(driver: Driver, event: RunEvent): void {
    if (driver !== this.#driver) return;
    this.#heard.push(event);
    this.wake();
  }

  /** For the channel alone. */
  wake(): void {
    this.#hasNews = true;
    this.#wakeUp?.();
  }
}
