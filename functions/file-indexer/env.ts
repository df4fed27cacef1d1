import * as z from 'zod';
import { text } from '../../shared/ports/config-env.ts';
import { ModelEnv, indexQueueEnv, runsEnv, telemetryEnv } from '../shared/env.ts';

/** It asks the model for vectors alone. LD_LIBRARY_PATH is Lambda's own: the process that reads documents needs it too. */
export const FileIndexerEnv = z.object({ ...telemetryEnv, ...runsEnv, ...indexQueueEnv, LD_LIBRARY_PATH: text.optional() }).and(ModelEnv);
