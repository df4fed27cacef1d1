import * as z from 'zod';
import { ModelEnv, queueEnv, runsEnv, telemetryEnv, timersEnv, toolsEnv, webhookQueueEnv } from '../shared/env.ts';

export const RunWorkerEnv = z.object({ ...telemetryEnv, ...runsEnv, ...queueEnv, ...webhookQueueEnv, ...timersEnv, ...toolsEnv }).and(ModelEnv);
