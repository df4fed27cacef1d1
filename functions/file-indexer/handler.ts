/** Brings files of vector stores into the search index, and takes them out of it: one job at a time, for a document may need all the room that there is. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { makeOwnIndex } from '../../shared/aws/own-index.ts';
import type { AwsWorld } from '../../shared/aws/index.ts';
import { handleIndexJob } from '../../shared/engine/handle-index-job.ts';
import { type Delivery, type Outcome, isIndexJob } from '../../shared/ports/queue.ts';
import { Deadline } from '../shared/deadline.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { FileIndexerEnv } from './env.ts';

const env = readEnv(FileIndexerEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry, { model: env, index: makeOwnIndex(env.BLOB_BUCKET) });

async function handle(mine: AwsWorld, { job, attempt }: Delivery, giveBack: AbortSignal): Promise<Outcome> {
  if (!isIndexJob(job)) throw new Error(`this queue is for the index alone, not for ${job.type}`);
  return handleIndexJob(mine, job, attempt, giveBack);
}

async function work(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  // Whoever was given up at an earlier deadline may wake with this invocation: its leases must not look like ours.
  const mine = world.forInvocation(context.awsRequestId);
  const deadline = new Deadline(context);
  const handleRecord = (record: SQSRecord) => deadline.orGiveBack(mine.handleRecord(record, (delivery) => handle(mine, delivery, deadline.signal)));
  try {
    return await processPartialResponse(event, handleRecord, new BatchProcessor(EventType.SQS), { throwOnFullBatchFailure: false });
  } finally {
    deadline.clear();
  }
}

export const handler = wrap(telemetry, work, () => world.drained());
