import * as z from 'zod';
import { indexQueueEnv, queueEnv, runsEnv, telemetryEnv, timersEnv, webhookQueueEnv } from '../shared/env.ts';

/** A warning of a thread's end is told as an event, and sets the timer for the next one. A vector store whose time has come has its index dropped. */
export const RunTimerEnv = z.object({ ...telemetryEnv, ...runsEnv, ...queueEnv, ...webhookQueueEnv, ...indexQueueEnv, ...timersEnv });
