/**
 * Jobs that nobody could do: their runs end here, with a reason, rather than stay queued, and so do files that could not be indexed; events that are to be
 * delivered are tried again later, and so is what is to be taken out of the index.
 */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { postponeDelivery } from '../../shared/actions/postpone-delivery.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { type Delivery, type IndexJob, MAX_ATTEMPTS, type Outcome, isIndexJob } from '../../shared/ports/queue.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { DeadLettersEnv } from './env.ts';

const env = readEnv(DeadLettersEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry);
/** Dead letters of every kind lie in the one queue, where they are held, deleted, or looked at again; what else comes of them goes elsewhere. */
const dead = openWorld({ ...env, QUEUE_URL: env.DEAD_QUEUE_URL, WEBHOOK_QUEUE_URL: env.DEAD_QUEUE_URL, INDEX_QUEUE_URL: env.DEAD_QUEUE_URL }, telemetry);
const signals = new RunSignals();

/** An index that could not be changed may be mended by then. */
const INDEX_AGAIN_MS = 15 * 60_000;

/** Of the jobs of the index, those whose last word is only written down. */
const ENDED_BY_RECORDS = new Set<IndexJob['type']>(['index-file', 'expand-batch']);

/** However often the queue says that it was delivered, it has had its attempts. */
async function lastWord({ job }: Delivery): Promise<Outcome> {
  if (job.type === 'send-delivery') return postponeDelivery(world, job);
  if (isIndexJob(job) && !ENDED_BY_RECORDS.has(job.type)) return sendAgain(job);
  return handleJob(world, signals, { job, attempt: MAX_ATTEMPTS + 1 });
}

/** There is no index here, and what is deleted must not stay in it. */
async function sendAgain(job: IndexJob): Promise<Outcome> {
  await world.commit({ name: 'postpone-index-job', writes: [], jobs: [{ name: 'index:again', job, dueMs: world.clock.nowMs() + INDEX_AGAIN_MS }] });
  return { done: true };
}

const giveUp = (record: SQSRecord) => dead.handleRecord(record, lastWord);

const work = (event: SQSEvent): Promise<SQSBatchResponse> =>
  processPartialResponse(event, giveUp, new BatchProcessor(EventType.SQS), { throwOnFullBatchFailure: false });

export const handler = wrap(telemetry, work, () => world.drained());
