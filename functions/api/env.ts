import * as z from 'zod';
import { list, whole } from '../../shared/ports/config-env.ts';
import { ModelEnv, codeEnv, indexQueueEnv, queueEnv, runsEnv, searchEnv, telemetryEnv, timersEnv, toolsEnv, webhookQueueEnv } from '../shared/env.ts';

export const ApiEnv = z
  .object({
    ...telemetryEnv,
    ...runsEnv,
    ...queueEnv,
    ...webhookQueueEnv,
    ...indexQueueEnv,
    ...searchEnv,
    ...timersEnv,
    ...toolsEnv,
    ...codeEnv,
    CORS_ORIGINS: list.prefault(''),
    /** Lambda takes no more than 6 MB in one request, in which the body stands as base64. */
    MAX_BODY_BYTES: whole(1024, 4_500_000).default(4_500_000),
  })
  .and(ModelEnv);
