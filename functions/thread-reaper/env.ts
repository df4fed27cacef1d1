import * as z from 'zod';
import { indexQueueEnv, runsEnv, telemetryEnv } from '../shared/env.ts';

/** A file that is gone is to be taken out of the index. */
export const ThreadReaperEnv = z.object({ ...telemetryEnv, ...runsEnv, ...indexQueueEnv });
