import type { Message } from '../domain/message.ts';
import type { Emit, RunEvent } from '../domain/run-event.ts';
import type { RunStep } from '../domain/run-step.ts';
import { type EndedRun, type Run, type RunEnd, type RunOf, asCreated, asStarted, isActive, toRunEnd } from '../domain/run.ts';
import { OpenStep } from './open-step.ts';
import type { Unstored } from './run-tellings.ts';

/** What becomes of a step whose driver has gone and whose answer another driver begins anew. */
const BEGUN_ANEW: RunEnd = { status: 'failed', error: { code: 'server_error', message: 'The process that wrote this has stopped. Another one begins it anew.' } };

/**
 * Tells a run's story to one who comes late: out of the records, and out of what is heard of its driver. Each thing is told once and in the
 * order that a stream must keep, whichever of the two has it first.
 */
export class Narrator {
  readonly #emit: Emit;
  readonly #nowMs: () => number;
  readonly #ended = new Set<string>();
  #lastStored: string | undefined;
  #begun: 'not yet' | 'created' | 'started' = 'not yet';
  #isCancelling = false;
  #isOver = false;
  #open: OpenStep | undefined;

  constructor(emit: Emit, nowMs: () => number) {
    this.#emit = emit;
    this.#nowMs = nowMs;
  }

  /** True when the run has ended or waits for the client, as then its stream has. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The newest step whose end is told and stored: what comes before it in the records needs no second look. */
  get lastStored(): string | undefined {
    return this.#lastStored;
  }

  /** How the run began, as far as it has. */
  begin(run: Run): void {
    if (this.#begun === 'not yet') {
      const created = asCreated(run);
      this.#emit({ type: 'thread.run.created', run: created });
      this.#emit({ type: 'thread.run.queued', run: created });
      this.#begun = 'created';
    }
    const started = asStarted(run);
    if (!started || this.#begun === 'started') return;
    this.#emit({ type: 'thread.run.in_progress', run: started });
    this.#begun = 'started';
  }

  /** A step as it is stored, one after the other, with the message that it has written. `run` was read before it. */
  stored(run: Run, step: RunStep, message: Message | undefined): void {
    if (this.#ended.has(step.id)) return;
    this.#openUp(step, false).tellRest(step, message);
    if (step.status === 'in_progress') return;
    if (step.status === 'cancelled') this.#tellCancelling(run);
    if (message) this.#emit({ type: `thread.message.${message.status}`, message });
    this.#close(step);
    this.#lastStored = step.id;
  }

  /** What a driver had open when it began to be listened to. */
  unstored({ step, message }: Unstored): void {
    if (this.#isOver || this.#ended.has(step.id)) return;
    this.#openUp(step, true).tellRest(step, message);
  }

  /** Where the run is, after its steps: when it rests, its story is over. */
  rest(run: Run): void {
    if (this.#isOver) return;
    if (isActive(run)) return;
    if (run.status === 'cancelled') this.#tellCancelling(run);
    this.#abandon(endOfAbandoned(run), run.status === 'expired' ? run.expiresAtMs : this.#nowMs());
    this.#emit({ type: `thread.run.${run.status}`, run });
    this.#isOver = true;
  }

  /** The run waits for the client. Not told when the step has moved on since. */
  requireAction(run: RunOf<'requires_action'>, step: RunStep): void {
    if (this.#isOver || this.#open?.id !== step.id) return;
    this.#emit({ type: 'thread.run.requires_action', run, step });
    this.#isOver = true;
  }

  /** What a driver tells. */
  hear(event: RunEvent): void {
    if (this.#isOver) return;
    switch (event.type) {
      case 'thread.run.step.created':
        if (!this.#ended.has(event.step.id)) this.#openUp(event.step, true);
        return;
      case 'thread.run.step.completed':
      case 'thread.run.step.failed':
      case 'thread.run.step.cancelled':
      case 'thread.run.step.expired':
        if (this.#open?.id === event.step.id) this.#close(event.step);
        return;
      case 'thread.run.requires_action':
        return this.requireAction(event.run, event.step);
      case 'thread.run.cancelling':
        return this.#tellCancelling(event.run);
      case 'thread.run.completed':
      case 'thread.run.incomplete':
      case 'thread.run.failed':
      case 'thread.run.cancelled':
      case 'thread.run.expired':
        return this.rest(event.run);
      // How a step begins was told when it was opened, how a run does out of its record.
      case 'thread.run.step.in_progress':
      case 'thread.created':
      case 'thread.run.created':
      case 'thread.run.queued':
      case 'thread.run.in_progress':
        return;
      default:
        this.#open?.hear(event);
    }
  }

  /** The step, opened now if it is not open. One step follows the other, so another that is open is nobody's any more. */
  #openUp(step: RunStep, isLive: boolean): OpenStep {
    if (this.#open?.id === step.id) return this.#open;
    this.#abandon(BEGUN_ANEW, this.#nowMs());
    this.#open = new OpenStep(this.#emit, step, isLive);
    return this.#open;
  }

  #abandon(end: RunEnd, nowMs: number): void {
    if (!this.#open) return;
    this.#open.abandon(end, nowMs);
    this.#ended.add(this.#open.id);
    this.#open = undefined;
  }

  #close(step: RunStep): void {
    this.#emit({ type: `thread.run.step.${step.status}`, step });
    this.#ended.add(step.id);
    this.#open = undefined;
  }

  /** As its driver has it: at the run's end, before what was open is closed. */
  #tellCancelling(run: Run): void {
    if (this.#isCancelling) return;
    this.#emit({ type: 'thread.run.cancelling', run: run.status === 'cancelling' ? run : { ...asCreated(run), ...startOf(run), status: 'cancelling' } });
    this.#isCancelling = true;
  }
}

const startOf = ({ startedAtMs }: Run): { startedAtMs?: number } => (startedAtMs === undefined ? {} : { startedAtMs });

/** A step that nobody has stored did not complete, even if its run did. */
const endOfAbandoned = (run: EndedRun): RunEnd => (run.status === 'cancelled' || run.status === 'expired' ? toRunEnd(run) : BEGUN_ANEW);
