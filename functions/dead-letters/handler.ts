/** Jobs that nobody could do: their runs end here, with a reason, rather than stay queued, and events that are to be delivered are tried again later. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { postponeDelivery } from '../../shared/actions/postpone-delivery.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { MAX_ATTEMPTS, type Delivery, type Outcome } from '../../shared/ports/queue.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { DeadLettersEnv } from './env.ts';

const env = readEnv(DeadLettersEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry);
/** Dead letters of every kind lie in the one queue, where they are held, deleted, or looked at again; what else comes of them goes elsewhere. */
const dead = openWorld({ ...env, QUEUE_URL: env.DEAD_QUEUE_URL, WEBHOOK_QUEUE_URL: env.DEAD_QUEUE_URL }, telemetry);
const signals = new RunSignals();

/** However often the queue says that it was delivered, it has had its attempts. */
const lastWord = ({ job }: Delivery): Promise<Outcome> => (job.type === 'send-delivery' ? postponeDelivery(world, job) : handleJob(world, signals, { job, attempt: MAX_ATTEMPTS + 1 }));

const giveUp = (record: SQSRecord) => dead.handleRecord(record, lastWord);

const work = (event: SQSEvent): Promise<SQSBatchResponse> =>
  processPartialResponse(event, giveUp, new BatchProcessor(EventType.SQS), { throwOnFullBatchFailure: false });

export const handler = wrap(telemetry, work, () => world.drained());
