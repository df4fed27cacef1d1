import * as z from 'zod';
import { queueEnv, runsEnv, telemetryEnv } from '../shared/env.ts';

/** QUEUE_URL is the dead-letter queue's own: a run that changes meanwhile is looked at again. */
export const DeadLettersEnv = z.object({ ...telemetryEnv, ...runsEnv, ...queueEnv });
