/** Jobs that nobody could do: their runs end here, with a reason, rather than stay queued. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { MAX_ATTEMPTS } from '../../shared/ports/queue.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { DeadLettersEnv } from './env.ts';

const env = readEnv(DeadLettersEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry);
const signals = new RunSignals();

/** However often the queue says that it was delivered, it has had its attempts. */
const giveUp = (record: SQSRecord) => world.handleRecord(record, ({ job }) => handleJob(world, signals, { job, attempt: MAX_ATTEMPTS + 1 }));

const work = (event: SQSEvent): Promise<SQSBatchResponse> =>
  processPartialResponse(event, giveUp, new BatchProcessor(EventType.SQS), { throwOnFullBatchFailure: false });

export const handler = wrap(telemetry, work, () => world.drained());
