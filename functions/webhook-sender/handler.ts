/** Delivers events to webhook endpoints, several at once: it mostly waits for them. Whoever it calls, its role can do nearly nothing. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { sendDelivery } from '../../shared/actions/send-delivery.ts';
import type { Delivery, Outcome } from '../../shared/ports/queue.ts';
import { Deadline } from '../shared/deadline.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { WebhookSenderEnv } from './env.ts';

const env = readEnv(WebhookSenderEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry);

async function send({ job, attempt }: Delivery): Promise<Outcome> {
  if (job.type !== 'send-delivery') throw new Error(`this queue is for deliveries alone, not for ${job.type}`);
  return sendDelivery(world, job, attempt);
}

async function work(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const deadline = new Deadline(context);
  const handleRecord = (record: SQSRecord) => deadline.orGiveBack(world.handleRecord(record, send));
  try {
    return await processPartialResponse(event, handleRecord, new BatchProcessor(EventType.SQS), { throwOnFullBatchFailure: false });
  } finally {
    deadline.clear();
  }
}

export const handler = wrap(telemetry, work, () => world.drained());
