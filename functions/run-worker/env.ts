import * as z from 'zod';
import { ModelEnv, queueEnv, runsEnv, telemetryEnv, timersEnv } from '../shared/env.ts';

export const RunWorkerEnv = z.object({ ...telemetryEnv, ...runsEnv, ...queueEnv, ...timersEnv }).and(ModelEnv);
