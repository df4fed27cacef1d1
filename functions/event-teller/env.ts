import * as z from 'zod';
import { runsEnv, telemetryEnv, timersEnv, webhookQueueEnv } from '../shared/env.ts';

/** It makes deliveries, sends their jobs to the queue of webhooks and sets the timers that warn of a thread's end. */
export const EventTellerEnv = z.object({ ...telemetryEnv, ...runsEnv, ...webhookQueueEnv, ...timersEnv });
