/** A stage's settings as the variables that functions read. */
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type * as z from 'zod';
import type { ModelEnv } from '../functions/shared/env.ts';
import type { ModelChoice, Stage } from './stages.ts';

/** `a=b,c=d`, or no variable at all. */
function pairs(values: Record<string, string | number> = {}): string | undefined {
  const entries = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return entries.length === 0 ? undefined : entries.join(',');
}

export const runVariables = (stage: Stage) => ({
  ...embeddingVariables(stage.embedding),
  RUN_WINDOW_SECONDS: String(stage.runWindowSeconds),
  RETENTION_DAYS: stage.retention === 'never' ? 'never' : String(stage.retention.days),
  MODEL_CONTEXT_WINDOWS: pairs(stage.contextWindows),
  MODEL_ALIASES: 'aliases' in stage.model ? pairs(stage.model.aliases) : undefined,
});

const embeddingVariables = (embedding: Stage['embedding']) => ({
  EMBEDDING_MODEL: typeof embedding === 'object' ? embedding.model : embedding,
  EMBEDDING_DIMENSIONS: typeof embedding === 'object' && embedding.dimensions !== undefined ? String(embedding.dimensions) : undefined,
});

export function modelVariables(model: ModelChoice, secret: ISecret | undefined): z.input<typeof ModelEnv> {
  switch (model.provider) {
    case 'demo':
      return { MODEL_PROVIDER: 'demo' };
    case 'openai':
      if (!secret) throw new Error('the data stack made no secret for the model’s key');
      return { MODEL_PROVIDER: 'openai', MODEL_BASE_URL: model.baseUrl, MODEL_SECRET_ARN: secret.secretArn };
    case 'bedrock':
      return { MODEL_PROVIDER: 'bedrock', BEDROCK_REGION: model.region };
  }
}
