/** Told by the table's stream of every thread that is gone, deleted or expired: deletes what hung under it. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { reapThread } from '../../shared/actions/delete-thread.ts';
import { Deadline } from '../shared/deadline.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { ThreadReaperEnv } from './env.ts';

const env = readEnv(ThreadReaperEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry);

async function reap(record: DynamoDBRecord): Promise<void> {
  const event = await world.eventOf(record);
  if (event?.type !== 'removed') return;
  try {
    await reapThread(world, event.record);
    await world.removeContents(event.record);
  } catch (error) {
    telemetry.log.error('feed_failed', { threadId: event.record.id, error });
    throw error;
  }
}

async function work(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  // Reaping goes on where it stopped, so a thread too large for one invocation takes several.
  const deadline = new Deadline(context);
  try {
    return await processPartialResponse(event, (record: DynamoDBRecord) => deadline.orGiveBack(reap(record)), new BatchProcessor(EventType.DynamoDBStreams), {
      throwOnFullBatchFailure: false,
    });
  } finally {
    deadline.clear();
  }
}

export const handler = wrap(telemetry, work, () => world.drained());
