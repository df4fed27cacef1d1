import * as z from 'zod';
import { runsEnv, telemetryEnv, webhookQueueEnv } from '../shared/env.ts';

/** What calls strangers has no model, no timers and no other queue. */
export const WebhookSenderEnv = z.object({ ...telemetryEnv, ...runsEnv, ...webhookQueueEnv });
