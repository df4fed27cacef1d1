import * as z from 'zod';
import { indexQueueEnv, queueEnv, runsEnv, telemetryEnv, timersEnv, webhookQueueEnv } from '../shared/env.ts';

/** Jobs that come of the work go on to those who do them; DEAD_QUEUE_URL is where dead ones lie: a run that changes meanwhile is looked at again there. */
export const DeadLettersEnv = z.object({ ...telemetryEnv, ...runsEnv, ...queueEnv, ...webhookQueueEnv, ...indexQueueEnv, ...timersEnv, DEAD_QUEUE_URL: z.url() });
