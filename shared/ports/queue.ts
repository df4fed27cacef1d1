/** Work to be done by whichever process has a hand free. Jobs are sent through `commit`; they carry ids and intent, never content. */
import * as z from 'zod';

const runIds = { projectId: z.string(), threadId: z.string(), runId: z.string() };

export const Job = z.discriminatedUnion('type', [
  /**
   * Bring the run to its next resting place, whatever state it is found in. `rev` is the revision that the job was sent with:
   * a job may come before its commit, and must not judge by what the run was before.
   */
  z.strictObject({ type: z.literal('drive-run'), ...runIds, rev: z.int() }),
  /** The same for a run that is to be cancelled; apart, because it takes no time and must not wait behind runs that do. */
  z.strictObject({ type: z.literal('settle-run'), ...runIds, rev: z.int() }),
  /** The run's window has closed: write that down if it still matters. */
  z.strictObject({ type: z.literal('expire-run'), ...runIds }),
]);
export type Job = z.infer<typeof Job>;

/**
 * `againInMs` keeps the job and delivers it once more after that time, as if for the first time; with `failed`, and
 * likewise by throwing, as a further attempt. Throwing makes growing pauses.
 */
export type Outcome = { done: true } | { done: false; againInMs: number; failed?: true };

export interface Delivery {
  job: Job;
  /** 1 for the first delivery, one more after each that failed. */
  attempt: number;
}

export type Handle = (delivery: Delivery) => Promise<Outcome>;

export interface Queue {
  /** Delivers due jobs and timers, several at once, until stopped. `stop` waits for nothing: what is not acknowledged comes again. */
  consume(handle: Handle): { stop(): void };
}

/** After this many failures the handler must end what the job is about, so that nothing waits for ever. */
export const MAX_ATTEMPTS = 5;
