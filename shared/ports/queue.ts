/** Work to be done by whichever process has a hand free. Jobs are sent through `commit`; they carry ids and intent, never content. */
import * as z from 'zod';

const storeIds = { projectId: z.string(), vectorStoreId: z.string() };
const runIds = { projectId: z.string(), threadId: z.string(), runId: z.string() };

/**
 * What a job knows of the change that sent it, which it may overtake: the revision that the run has after it, so that the job does not judge
 * by what the run was before; and when the job was due first, so that it does not wait for ever for a change that never came.
 */
const origin = { rev: z.int(), dueMs: z.int().default(0) };

export const Job = z.discriminatedUnion('type', [
  /** Bring the run to its next resting place, whatever state it is found in. */
  z.strictObject({ type: z.literal('drive-run'), ...runIds, ...origin }),
  /** The same for a run that is to be cancelled; apart, because it takes no time and must not wait behind runs that do. */
  z.strictObject({ type: z.literal('settle-run'), ...runIds, ...origin }),
  /** The run's window has closed: write that down if it still matters. */
  z.strictObject({ type: z.literal('expire-run'), ...runIds }),
  /** Write a history on from where it stands, to its end. */
  z.strictObject({ type: z.literal('run-export'), projectId: z.string(), exportId: z.string() }),
  /** Try to deliver one event to one webhook endpoint. `ofRev` is the delivery's revision after the change that sent this. */
  z.strictObject({ type: z.literal('send-delivery'), projectId: z.string(), endpointId: z.string(), deliveryId: z.string(), ofRev: z.int().optional() }),
  /** Have a run's calls answered by the project's own endpoints. `round` is the run's: a later one has jobs of its own. */
  z.strictObject({ type: z.literal('call-tools'), ...runIds, round: z.int(), dueMs: z.int().default(0) }),
  /** The thread comes near its end: tell its project if it still does. */
  z.strictObject({ type: z.literal('warn-expiry'), projectId: z.string(), threadId: z.string() }),
  /** The project wants to be warned from now on: set the timers of its threads behind `after`. */
  z.strictObject({ type: z.literal('arm-warnings'), projectId: z.string(), after: z.string().optional() }),
  /** Bring one file of a vector store into the index. `indexId` is its record's: another one means that it was added anew, and has a job of its own. */
  z.strictObject({ type: z.literal('index-file'), ...storeIds, fileId: z.string(), indexId: z.string(), dueMs: z.int() }),
  /** Write the records of a batch's files that have none yet. */
  z.strictObject({ type: z.literal('expand-batch'), ...storeIds, batchId: z.string(), dueMs: z.int() }),
  /** Take what was indexed under this id out of the index. */
  z.strictObject({ type: z.literal('unindex-file'), ...storeIds, fileId: z.string(), indexId: z.string(), dueMs: z.int() }),
  /** The vector store is gone, or its time has come: remove its index and, if it is gone, what hung under it. */
  z.strictObject({ type: z.literal('drop-store'), ...storeIds, dueMs: z.int() }),
  /** Compact a store's index, and build what makes a large one fast. */
  z.strictObject({ type: z.literal('tidy-index'), ...storeIds }),
  /** A vector store's time may have come. */
  z.strictObject({ type: z.literal('expire-store'), ...storeIds }),
  /** The thread's session of code_interpreter may have been idle for too long. `session` is the one that the job was sent for. */
  z.strictObject({ type: z.literal('end-session'), projectId: z.string(), threadId: z.string(), session: z.string(), dueMs: z.int() }),
]);
export type Job = z.infer<typeof Job>;
/** Jobs that read documents or change the search index: a worker of its own does them. */
export type IndexJob = Extract<Job, { type: 'index-file' | 'expand-batch' | 'unindex-file' | 'drop-store' | 'tidy-index' }>;
export const isIndexJob = (job: Job): job is IndexJob => ['index-file', 'expand-batch', 'unindex-file', 'drop-store', 'tidy-index'].includes(job.type);
/** Jobs about one run. */
export type RunJob = Extract<Job, { runId: string }>;

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
