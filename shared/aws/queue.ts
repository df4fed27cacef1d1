import { ChangeMessageVisibilityCommand, DeleteMessageCommand, MessageNotInflight, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Clock } from '../domain/clock.ts';
import type { Scheduled } from '../ports/commit.ts';
import type { Log } from '../ports/log.ts';
import { type Handle, Job, type Outcome, isIndexJob } from '../ports/queue.ts';

/** The longest that SQS delays a message. What is due later is sent on when it comes. */
const LONGEST_DELAY_S = 900;
/** The longest that SQS keeps a message invisible. */
const LONGEST_INVISIBLE_S = 43_200;

/** While a job is handled its message is kept invisible for so long at a time: a process that dies loses it no longer than that. */
const INVISIBLE_S = 45;
const RENEW_EVERY_MS = 15_000;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** What a message says. `failures`: how often the job failed before this message was sent. */
const Message = z.strictObject({ job: Job, dueMs: z.number(), failures: z.int().min(0).default(0) });

export interface Sender {
  send(scheduled: Pick<Scheduled, 'job' | 'dueMs'> & { failures?: number }): Promise<void>;
}

/** The parts of an SQS record that a delivery needs; the event source's own record fits. */
export interface QueueRecord {
  body: string;
  receiptHandle: string;
  attributes: { ApproximateReceiveCount: string };
}

/** The job failed and its message must stay in the queue. */
export class JobFailedError extends Error {
  constructor(cause: unknown) {
    super('the job failed and will be delivered again', { cause });
    this.name = 'JobFailedError';
  }
}

/** Where jobs are sent; a queue that a function was not given is an error when it is needed. */
export interface Queues {
  queueUrl?: string | undefined;
  /** Of deliveries of webhooks, which may take long and be many. */
  webhookQueueUrl?: string | undefined;
  /** Of jobs that read documents or change the search index. */
  indexQueueUrl?: string | undefined;
}

export interface QueueParts {
  sqs: SQSClient;
  queues: Queues;
  clock: Clock;
  log: Log;
}

export const missing = (what: string): never => {
  throw new Error(`this function was not given the ${what}`);
};

function queueOf({ queueUrl, webhookQueueUrl, indexQueueUrl }: Queues, job: Job): string {
  if (job.type === 'send-delivery') return webhookQueueUrl ?? missing('queue of webhooks');
  return isIndexJob(job) ? (indexQueueUrl ?? missing('queue of the index')) : (queueUrl ?? missing('queue'));
}

/** SQS gives every group its turn, so that one with a long backlog does not keep the others waiting. */
const groupOf = (job: Job): { MessageGroupId?: string } => (job.type === 'send-delivery' ? { MessageGroupId: job.endpointId } : {});

export function makeSender({ sqs, queues, clock }: Omit<QueueParts, 'log'>): Sender {
  return {
    async send({ job, dueMs, failures = 0 }) {
      const delayS = Math.min(Math.max(Math.ceil((dueMs - clock.nowMs()) / 1000), 0), LONGEST_DELAY_S);
      await sqs.send(new SendMessageCommand({ QueueUrl: queueOf(queues, job), MessageBody: JSON.stringify({ job, dueMs, failures }), DelaySeconds: delayS, ...groupOf(job) }));
    },
  };
}

/**
 * Handles one message of the queue. Resolves when it is done with; rejects with JobFailedError when it must come again,
 * after having told the queue when. A message that is done with is deleted here: the event source would do so only when
 * all messages of its batch are, and by then this one would have come again.
 */
export async function handleRecord(parts: QueueParts, record: QueueRecord, handle: Handle): Promise<void> {
  const message = Message.parse(JSON.parse(record.body));
  const sender = makeSender(parts);
  const held = { ...parts, ...record, queueUrl: queueOf(parts.queues, message.job) };
  // Sub-second remainders are the difference of two clocks.
  if (message.dueMs - parts.clock.nowMs() >= 1000) {
    await sender.send(message);
    return deleteMessage(held);
  }
  const attempt = message.failures + Number(record.attributes.ApproximateReceiveCount);
  const visibility = holdMessage(held);
  let outcome: Outcome;
  try {
    outcome = await handle({ job: message.job, attempt });
  } catch (error) {
    parts.log.error('job_failed', { attempt, error });
    await visibility.leave(pauseAfter(attempt));
    throw new JobFailedError(error);
  }
  if (!outcome.done && outcome.failed) {
    await visibility.leave(outcome.againInMs);
    throw new JobFailedError(undefined);
  }
  try {
    if (!outcome.done) await sender.send({ job: message.job, dueMs: parts.clock.nowMs() + outcome.againInMs });
  } finally {
    await visibility.stop();
  }
  await deleteMessage(held);
}

/** A message and the queue that it came from. */
type Received = Omit<QueueParts, 'queues'> & { queueUrl: string; receiptHandle: string };

async function deleteMessage({ sqs, queueUrl, receiptHandle, log }: Received): Promise<void> {
  try {
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
  } catch (error) {
    // The event source deletes it a little later.
    log.error('job_failed', { error });
  }
}

export const pauseAfter = (attempt: number): number => Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);

/**
 * Keeps a message to itself while it is worked on. The queue's own timeout has to be longer than the longest Lambda, far too
 * long to wait for after a crash; so the message is held for a short time again and again.
 */
function holdMessage({ sqs, queueUrl, receiptHandle, clock, log }: Received) {
  let held = true;
  let cancel: () => void = () => undefined;
  const set = async (seconds: number) => {
    try {
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: Math.min(seconds, LONGEST_INVISIBLE_S) }));
    } catch (error) {
      // Its time was over before it was prolonged, as after a long pause of the process: it has come again already.
      if (error instanceof MessageNotInflight) return;
      // The message comes again sooner or later than it should; the run's lease keeps two drivers apart.
      log.error('job_failed', { error });
    }
  };
  let renewing = set(INVISIBLE_S);
  const renewLater = () => {
    cancel = clock.after(RENEW_EVERY_MS, () => {
      renewing = renewing.then(() => (held ? set(INVISIBLE_S) : undefined));
      renewLater();
    });
  };
  renewLater();
  const stop = async () => {
    held = false;
    cancel();
    await renewing;
  };
  return {
    stop,
    /** Lets it come again after `ms`. */
    async leave(ms: number) {
      await stop();
      await set(Math.ceil(ms / 1000));
    },
  };
}
