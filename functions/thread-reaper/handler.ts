/**
 * Told by the table's stream of every thread, file and upload that is gone, deleted or expired: exports a thread first where that is wanted, then deletes
 * what hung under it.
 */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { NotYetExportedError, reapRemoved } from '../../shared/actions/reap-removed.ts';
import type { AwsWorld } from '../../shared/aws/index.ts';
import { sleep } from '../../shared/domain/clock.ts';
import type { FeedEventOf } from '../../shared/ports/feed.ts';
import { Deadline } from '../shared/deadline.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { ThreadReaperEnv } from './env.ts';

const env = readEnv(ThreadReaperEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry);

/** Between looks at an export that somebody else has, or had when it died: its lease ends by itself within a minute. */
const LOOK_AGAIN_MS = 5000;

async function reap(mine: AwsWorld, record: DynamoDBRecord, giveBack: AbortSignal): Promise<void> {
  const event = await mine.eventOf(record);
  if (event?.type !== 'removed') return;
  try {
    await reapOnceExported(mine, event, giveBack);
    if (event.kind === 'thread') await mine.removeContents(event.record);
  } catch (error) {
    telemetry.log.error('feed_failed', { [`${event.kind}Id`]: event.record.id, error });
    throw error;
  }
}

/** Waits here for an export that is not free: to be told again at once, again and again, would use up the attempts that the stream has. */
async function reapOnceExported(mine: AwsWorld, event: FeedEventOf<'removed'>, giveBack: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await reapRemoved(mine, event, giveBack);
    } catch (error) {
      if (!(error instanceof NotYetExportedError) || giveBack.aborted) throw error;
      await sleep(mine.clock, LOOK_AGAIN_MS, giveBack).catch(() => undefined);
    }
  }
}

async function work(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  // Whoever was given up at an earlier deadline may wake with this invocation: its leases must not look like ours.
  const mine = world.forInvocation(context.awsRequestId);
  // Exporting and reaping go on where they stopped, so a thread too large for one invocation takes several.
  const deadline = new Deadline(context);
  const reapInTime = (record: DynamoDBRecord) => deadline.orGiveBack(reap(mine, record, deadline.signal));
  try {
    return await processPartialResponse(event, reapInTime, new BatchProcessor(EventType.DynamoDBStreams), { throwOnFullBatchFailure: false });
  } finally {
    deadline.clear();
  }
}

export const handler = wrap(telemetry, work, () => world.drained());
