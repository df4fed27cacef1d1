import * as z from 'zod';
import { ModelEnv, indexQueueEnv, runsEnv, telemetryEnv } from '../shared/env.ts';

/** It asks the model for vectors alone. */
export const FileIndexerEnv = z.object({ ...telemetryEnv, ...runsEnv, ...indexQueueEnv }).and(ModelEnv);
