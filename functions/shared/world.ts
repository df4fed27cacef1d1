/** The AWS world, made of a function's environment. */
import { type AwsWorld, openAwsWorld } from '../../shared/aws/index.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { toConfig } from '../../shared/ports/config-env.ts';
import type { ModelEnv, RunsEnv } from './env.ts';
import type { Telemetry } from './telemetry.ts';

type WorldEnv = RunsEnv & { QUEUE_URL?: string; WEBHOOK_QUEUE_URL?: string; STATE_MACHINE_ARN?: string; TOOL_FUNCTIONS?: string[] };

/** A function that only ends runs has no model; it is given the demo model, and never asks it. */
export const openWorld = (env: WorldEnv, { log }: Telemetry, model: ModelEnv = { MODEL_PROVIDER: 'demo' }): AwsWorld =>
  openAwsWorld({
    resources: { table: env.TABLE_NAME, bucket: env.BLOB_BUCKET, queueUrl: env.QUEUE_URL, webhookQueueUrl: env.WEBHOOK_QUEUE_URL, stateMachineArn: env.STATE_MACHINE_ARN },
    model: modelSettings(model, env.MODEL_ALIASES),
    config: toConfig(env),
    toolFunctions: env.TOOL_FUNCTIONS,
    clock: systemClock,
    log,
  });

function modelSettings(env: ModelEnv, aliases: RunsEnv['MODEL_ALIASES']): Parameters<typeof openAwsWorld>[0]['model'] {
  switch (env.MODEL_PROVIDER) {
    case 'demo':
      return { provider: 'demo' };
    case 'openai':
      return { provider: 'openai', baseUrl: env.MODEL_BASE_URL, secretId: env.MODEL_SECRET_ARN, aliases };
    case 'bedrock':
      return { provider: 'bedrock', region: env.BEDROCK_REGION, aliases };
  }
}
