/** Told by the table's stream of what happened: makes a delivery for each webhook endpoint that wants to know. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { tellWebhooks } from '../../shared/actions/tell-webhooks.ts';
import type { Store } from '../../shared/ports/store.ts';
import { Deadline } from '../shared/deadline.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { EventTellerEnv } from './env.ts';
import { sameLook } from './same-look.ts';

const env = readEnv(EventTellerEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry);

async function tell(record: DynamoDBRecord, store: Store): Promise<void> {
  try {
    const event = await world.eventOf(record);
    if (event) await tellWebhooks({ ...world, store }, event);
  } catch (error) {
    telemetry.log.error('feed_failed', { error });
    throw error;
  }
}

async function work(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  const deadline = new Deadline(context);
  const store = sameLook(world.store);
  // Those of one thread are told one after the other: its records are one partition's, in order.
  const turns = new Map<string, Promise<unknown>>();
  const inTurn = (record: DynamoDBRecord): Promise<void> => {
    const partition = JSON.stringify(record.dynamodb?.Keys?.['pk'] ?? {});
    const telling = (turns.get(partition) ?? Promise.resolve()).then(() => tell(record, store));
    turns.set(partition, telling);
    return telling;
  };
  try {
    return await processPartialResponse(event, (record: DynamoDBRecord) => deadline.orGiveBack(inTurn(record)), new BatchProcessor(EventType.DynamoDBStreams), { throwOnFullBatchFailure: false });
  } finally {
    deadline.clear();
  }
}

export const handler = wrap(telemetry, work, () => world.drained());
