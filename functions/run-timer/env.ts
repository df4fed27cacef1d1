import * as z from 'zod';
import { queueEnv, runsEnv, telemetryEnv } from '../shared/env.ts';

/** No state machine: the timer that has gone off is the one that the run's end would stop. */
export const RunTimerEnv = z.object({ ...telemetryEnv, ...runsEnv, ...queueEnv });
