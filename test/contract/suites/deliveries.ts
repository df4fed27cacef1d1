import type { Scheduled } from '../../../shared/ports/commit.ts';
import type { Delivery, Handle, Job, Outcome } from '../../../shared/ports/queue.ts';
import { PROJECT } from '../../support/records.ts';
import { type Stage, until } from './stage.ts';

export const DONE: Outcome = { done: true };
export const SECOND = 1000;
export const MINUTE = 60_000;

/** `nth` counts the deliveries of the same job so far, failed or not. */
export type Answer = (delivery: Delivery, name: string, nth: number) => Outcome | Promise<Outcome>;

/** What tests tell jobs apart by. */
export const nameOf = (job: Job): string => {
  if ('runId' in job) return job.runId;
  if ('exportId' in job) return job.exportId;
  if ('deliveryId' in job) return job.deliveryId;
  if ('vectorStoreId' in job) return job.vectorStoreId;
  return 'threadId' in job ? job.threadId : (job.after ?? job.projectId);
};

/** A handler that keeps what it is given. */
export class Deliveries {
  readonly all: Delivery[] = [];
  readonly #stage: Stage;
  readonly #answer: Answer;

  constructor(stage: Stage, answer: Answer = () => DONE) {
    this.#stage = stage;
    this.#answer = answer;
  }

  readonly handle: Handle = async (delivery) => {
    this.all.push(delivery);
    const name = nameOf(delivery.job);
    return name.startsWith('fence') ? DONE : this.#answer(delivery, name, this.count(name));
  };

  get names(): string[] {
    return this.all.map(({ job }) => nameOf(job)).filter((name) => !name.startsWith('fence'));
  }

  count(name: string): number {
    return this.names.filter((other) => other === name).length;
  }

  attempts(name: string): number[] {
    return this.all.filter(({ job }) => nameOf(job) === name).map(({ attempt }) => attempt);
  }

  reach(name: string, count = 1): Promise<void> {
    return until(() => this.count(name) >= count, `${name} has been delivered ${count} time(s); delivered were: ${this.names.join(', ')}`);
  }

  /** Resolves when a job sent now has been delivered: what else was due has been so too, and what has not come was not due. */
  async fence(): Promise<void> {
    const name = `fence_${this.#fences++}`;
    await send(this.#stage, job(name, this.#stage.world.clock.nowMs()));
    await until(() => this.all.some((delivery) => nameOf(delivery.job) === name), 'a job that is due has been delivered');
  }
  #fences = 0;
}

/** Of the kind that engines never hurry, unless told otherwise. */
export function jobOf(runId: string, type: 'expire-run' | 'drive-run' | 'settle-run' = 'expire-run', dueMs = 0): Job {
  const ids = { projectId: PROJECT, threadId: 'thread_1', runId };
  return type === 'expire-run' ? { type, ...ids } : { type, ...ids, rev: 0, dueMs };
}

export const job = (name: string, dueMs: number, runId = name): Scheduled => ({ name, dueMs, job: jobOf(runId) });

export const send = ({ world }: Stage, ...jobs: Scheduled[]): Promise<void> => world.commit({ name: 'send', writes: [], jobs });
export const setTimers = ({ world }: Stage, ...timers: Scheduled[]): Promise<void> => world.commit({ name: 'set-timers', writes: [], timers });
export const cancel = ({ world }: Stage, ...cancels: string[]): Promise<void> => world.commit({ name: 'cancel', writes: [], cancels });
