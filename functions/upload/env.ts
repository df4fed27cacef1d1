import * as z from 'zod';
import { list, text } from '../../shared/ports/config-env.ts';
import { runsEnv, telemetryEnv } from '../shared/env.ts';

/** It takes files in and starts nothing: no queue, no timers, no model. ORIGIN_SECRET_ARN: what CloudFront shows to be let in. AWS_LAMBDA_HTTP_ENDPOINT is Lambda's own: where it looks for the server. */
export const UploadEnv = z.object({ ...telemetryEnv, ...runsEnv, ORIGIN_SECRET_ARN: text, CORS_ORIGINS: list.prefault(''), AWS_LAMBDA_HTTP_ENDPOINT: text.default('0.0.0.0:3000') });

/** The header that CloudFront adds to what it passes on. */
export const ORIGIN_HEADER = 'x-threadkeep-origin';
