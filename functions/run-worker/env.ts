import * as z from 'zod';
import { ModelEnv, codeEnv, indexQueueEnv, queueEnv, runsEnv, searchEnv, telemetryEnv, timersEnv, toolsEnv, webhookQueueEnv } from '../shared/env.ts';

export const RunWorkerEnv = z.object({ ...telemetryEnv, ...runsEnv, ...queueEnv, ...webhookQueueEnv, ...indexQueueEnv, ...searchEnv, ...timersEnv, ...toolsEnv, ...codeEnv }).and(ModelEnv);
