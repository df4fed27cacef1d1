/** The stages that can be deployed, and all in which they differ. `npx cdk deploy --all -c stage=NAME` takes one of them. */
import type { Retention } from '../shared/domain/thread.ts';

/** What answers. Names on the left of `aliases` are the ones that applications still use, on the right what serves them today. */
export type ModelChoice =
  /** The built-in demo model: needs nothing, says what it is in every answer. */
  | { provider: 'demo' }
  /** Any OpenAI-compatible endpoint, OpenAI itself unless `baseUrl` says otherwise. Its key waits in a secret that the stack makes. */
  | { provider: 'openai'; baseUrl?: `https://${string}`; aliases?: Record<string, string> }
  /** Amazon Bedrock through the functions' own role. Nothing but `modelIds` (as in the Bedrock console) may be called. */
  | { provider: 'bedrock'; modelIds: [string, ...string[]]; region?: string; aliases?: Record<string, string> };

export interface Stage {
  name: string;
  model: ModelChoice;
  /** Tokens of prompt and answer together, for models that are not the default 128,000. */
  contextWindows: Record<string, number>;
  /** For threads that do not say otherwise. */
  retention: Retention;
  /** At most 840: a run must end within the one Lambda invocation that drives it. */
  runWindowSeconds: number;
  /**
   * What makes vectors of the files of vector stores made from now on, at the model's provider; 'none' for keyword search alone. OpenAI's
   * text-embedding-3-large at 256 dimensions when absent. Bedrock and the demo model have none.
   */
  embedding?: { model: string; dimensions?: number } | 'none';
  /**
   * How files come in. 'web-function': of any size, by a CloudFront distribution in front, which has a Lambda web function take them.
   * 'gateway-only': of 4.5 MB at most, as all requests; larger ones in parts, as the API's uploads.
   */
  uploads: 'web-function' | 'gateway-only';
  /**
   * Whether models may have Python executed: in sessions of Amazon Bedrock AgentCore, in a region that has it. Without, runs with the tool
   * code_interpreter are refused.
   */
  codeInterpreter: boolean;
  /** Browser origins that may call. */
  corsOrigins: string[];
  /** ARNs of Lambda functions that projects may have answer their tools. The service may invoke these and no others. */
  toolFunctions: `arn:${string}:lambda:${string}`[];
  /** Records cannot be deleted by mistake: the table refuses it until this is switched off. */
  protectData: boolean;
  /** How far back the table can be restored to, and how long replaced large contents stay restorable with it. */
  recoveryDays: number;
  logDays: 7 | 30 | 90 | 365;
  /** For the whole API; what exceeds it is answered with 429. */
  throttle: { requestsPerSecond: number; burst: number };
  /** Is told of alarms; AWS asks it for consent once. Nobody is told when absent. */
  alarmEmail?: string;
}

const usual = {
  contextWindows: {},
  retention: { days: 60 },
  runWindowSeconds: 600,
  codeInterpreter: true,
  corsOrigins: [],
  toolFunctions: [],
} satisfies Partial<Stage>;

export const stages = {
  dev: {
    ...usual,
    name: 'dev',
    model: { provider: 'demo' },
    uploads: 'gateway-only',
    protectData: false,
    recoveryDays: 1,
    logDays: 7,
    throttle: { requestsPerSecond: 100, burst: 200 },
  },
  prod: {
    ...usual,
    name: 'prod',
    model: { provider: 'openai' },
    uploads: 'web-function',
    protectData: true,
    recoveryDays: 35,
    logDays: 30,
    throttle: { requestsPerSecond: 1000, burst: 2000 },
  },
} satisfies Record<string, Stage>;

export function findStage(name: unknown): Stage {
  const known: Record<string, Stage> = stages;
  const stage = typeof name === 'string' && Object.hasOwn(known, name) ? known[name] : undefined;
  if (stage) return stage;
  throw new Error(`There is no stage ${JSON.stringify(name)}; infra/stages.ts has: ${Object.keys(known).join(', ')}`);
}
