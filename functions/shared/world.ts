/** The AWS world, made of a function's environment. */
import { type AwsWorld, openAwsWorld } from '../../shared/aws/index.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { toConfig } from '../../shared/ports/config-env.ts';
import type { SearchIndex } from '../../shared/ports/search-index.ts';
import type { ModelEnv, RunsEnv } from './env.ts';
import type { Telemetry } from './telemetry.ts';

type WorldEnv = RunsEnv & { QUEUE_URL?: string; WEBHOOK_QUEUE_URL?: string; INDEX_QUEUE_URL?: string; STATE_MACHINE_ARN?: string; SEARCH_FUNCTION_ARN?: string; TOOL_FUNCTIONS?: string[]; CODE_INTERPRETER_ID?: string | undefined; LD_LIBRARY_PATH?: string | undefined };

interface Has {
  /** A function that only ends runs has no model; it is given the demo model, and never asks it. */
  model?: ModelEnv;
  index?: SearchIndex;
}

export const openWorld = (env: WorldEnv, { log }: Telemetry, { model = { MODEL_PROVIDER: 'demo' }, index }: Has = {}): AwsWorld =>
  openAwsWorld({
    resources: {
      table: env.TABLE_NAME,
      bucket: env.BLOB_BUCKET,
      queueUrl: env.QUEUE_URL,
      webhookQueueUrl: env.WEBHOOK_QUEUE_URL,
      indexQueueUrl: env.INDEX_QUEUE_URL,
      searchFunction: env.SEARCH_FUNCTION_ARN,
      stateMachineArn: env.STATE_MACHINE_ARN,
      codeInterpreter: env.CODE_INTERPRETER_ID,
    },
    model: modelSettings(model, env.MODEL_ALIASES),
    config: toConfig(env),
    toolFunctions: env.TOOL_FUNCTIONS,
    index,
    libraryPath: env.LD_LIBRARY_PATH,
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
