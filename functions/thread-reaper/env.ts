import * as z from 'zod';
import { runsEnv, telemetryEnv } from '../shared/env.ts';

export const ThreadReaperEnv = z.object({ ...telemetryEnv, ...runsEnv });
