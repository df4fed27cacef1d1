import * as z from 'zod';
import { codeEnv, indexQueueEnv, runsEnv, telemetryEnv } from '../shared/env.ts';

/** A file that is gone is to be taken out of the index, and the session of a thread that is gone to be ended. */
export const ThreadReaperEnv = z.object({ ...telemetryEnv, ...runsEnv, ...indexQueueEnv, ...codeEnv });
