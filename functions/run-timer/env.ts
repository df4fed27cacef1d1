import * as z from 'zod';
import { queueEnv, runsEnv, telemetryEnv } from '../shared/env.ts';

/** No state machine: to end a run stops no timer. */
export const RunTimerEnv = z.object({ ...telemetryEnv, ...runsEnv, ...queueEnv });
