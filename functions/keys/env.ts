import * as z from 'zod';
import { recordsEnv, telemetryEnv } from '../shared/env.ts';

export const KeysEnv = z.object({ ...telemetryEnv, ...recordsEnv });
