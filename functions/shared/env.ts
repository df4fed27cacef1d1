/**
 * What the stacks tell the functions. Variables are text on both sides: a stack has to give each function exactly what its
 * schema takes (infra/constructs/service-function.ts), and the function parses it with the same schema, once, when it starts.
 */
import * as z from 'zod';
import { configEnv, list, text, whole } from '../../shared/ports/config-env.ts';

/**
 * A run must end within the one invocation that drives it: 900 seconds less the time to answer, and less what the clocks of
 * gateway and function may differ by.
 */
export const LONGEST_RUN_WINDOW_SECONDS = 840;

export const telemetryEnv = {
  STAGE: text,
  LOG_LEVEL: z.enum(['ERROR', 'INFO']),
  // Powertools reads these by itself. Responses and errors hold what users wrote, so traces must not.
  POWERTOOLS_TRACER_CAPTURE_RESPONSE: z.literal('false'),
  POWERTOOLS_TRACER_CAPTURE_ERROR: z.literal('false'),
};

/** Where records and their large contents are. */
export const recordsEnv = { TABLE_NAME: text, BLOB_BUCKET: text };

/** For functions that touch runs; all of them must agree. */
export const runsEnv = {
  ...recordsEnv,
  ...configEnv,
  RUN_WINDOW_SECONDS: whole(1, LONGEST_RUN_WINDOW_SECONDS),
};
export type RunsEnv = z.infer<z.ZodObject<typeof runsEnv>>;

/** Where jobs are sent. */
export const queueEnv = { QUEUE_URL: z.url() };

/** Where deliveries of webhooks are sent. */
export const webhookQueueEnv = { WEBHOOK_QUEUE_URL: z.url() };

/** Where jobs are sent that read documents or change the search index. */
export const indexQueueEnv = { INDEX_QUEUE_URL: z.url() };

/** The function, by ARN, that searches the index for others. */
export const searchEnv = { SEARCH_FUNCTION_ARN: text };

/** Where timers are set and stopped. */
export const timersEnv = { STATE_MACHINE_ARN: text };

/** The Lambda functions, by ARN, that may answer calls of tools. */
export const toolsEnv = { TOOL_FUNCTIONS: list.prefault('') };

/** The code interpreter; absent where a stage has none. */
export const codeEnv = { CODE_INTERPRETER_ID: text.optional() };

/** Where the model is. */
export const ModelEnv = z.discriminatedUnion('MODEL_PROVIDER', [
  z.object({ MODEL_PROVIDER: z.literal('demo') }),
  z.object({ MODEL_PROVIDER: z.literal('openai'), MODEL_BASE_URL: z.url().optional(), MODEL_SECRET_ARN: text }),
  z.object({ MODEL_PROVIDER: z.literal('bedrock'), BEDROCK_REGION: text.optional() }),
]);
export type ModelEnv = z.infer<typeof ModelEnv>;

/** Ends the start of a function whose stack is wrong, naming the variables but not what they hold. */
export function readEnv<S extends z.ZodType>(schema: S, source: NodeJS.ProcessEnv = process.env): z.output<S> {
  const result = schema.safeParse(source);
  if (result.success) return result.data;
  throw new Error(`The environment is not right:\n${result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n')}`);
}
