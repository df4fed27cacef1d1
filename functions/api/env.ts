import * as z from 'zod';
import { list, whole } from '../../shared/ports/config-env.ts';
import { ModelEnv, queueEnv, runsEnv, telemetryEnv, timersEnv } from '../shared/env.ts';

export const ApiEnv = z
  .object({
    ...telemetryEnv,
    ...runsEnv,
    ...queueEnv,
    ...timersEnv,
    CORS_ORIGINS: list.prefault(''),
    /** Lambda takes no more than 6 MB in one request, what surrounds the body included. */
    MAX_BODY_BYTES: whole(1024, 6_000_000).default(5_500_000),
  })
  .and(ModelEnv);
