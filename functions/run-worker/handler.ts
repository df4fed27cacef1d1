/** Drives runs from the queue, several at once: they mostly wait for the model. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { Deadline } from '../shared/deadline.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { RunWorkerEnv } from './env.ts';

const env = readEnv(RunWorkerEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry, { model: env });
const signals = new RunSignals();

async function work(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  // A driver that was given up at an earlier deadline may wake with this invocation: its leases must not look like ours.
  const mine = world.forInvocation(context.awsRequestId);
  const deadline = new Deadline(context);
  const handleRecord = (record: SQSRecord) => deadline.orGiveBack(mine.handleRecord(record, (delivery) => handleJob(mine, signals, delivery, deadline.signal)));
  try {
    // A batch of which everything failed is no failure of the function: each job has its own attempts.
    return await processPartialResponse(event, handleRecord, new BatchProcessor(EventType.SQS), { throwOnFullBatchFailure: false });
  } finally {
    deadline.clear();
  }
}

export const handler = wrap(telemetry, work, () => world.drained());
