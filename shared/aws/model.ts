import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../domain/clock.ts';
import { demoModel } from '../models/demo.ts';
import { openAiModel } from '../models/openai.ts';
import { type Model, ModelError } from '../ports/model.ts';

/** Names that applications still use, and what serves them today. */
type Aliases = ReadonlyMap<string, string>;

export type ModelSettings =
  | { provider: 'demo' }
  /** Any OpenAI-compatible endpoint; its key is the text of a secret in Secrets Manager, and without one none is sent that means anything. */
  | { provider: 'openai'; baseUrl?: string | undefined; secretId?: string | undefined; aliases: Aliases }
  /** Amazon Bedrock's OpenAI-compatible endpoint, signed for with the function's own role. */
  | { provider: 'bedrock'; region?: string | undefined; baseUrl?: string | undefined; aliases: Aliases };

/** A key that was replaced in Secrets Manager is used after this time at the latest. */
const KEY_KEPT_MS = 300_000;

export function makeModel(settings: ModelSettings, parts: { secrets: SecretsManagerClient; clock: Clock }): Model {
  switch (settings.provider) {
    case 'demo':
      return demoModel;
    case 'openai': {
      const { secretId, ...upstream } = settings;
      if (secretId === undefined) return openAiModel({ ...upstream, apiKey: 'none' });
      const readKey = () => readSecret(parts.secrets, secretId);
      const make = remembered(parts.clock, KEY_KEPT_MS, async () => openAiModel({ ...upstream, apiKey: await readKey() }));
      return {
        ...lazyModel(make),
        async embed(request, signal) {
          const model = await make();
          signal.throwIfAborted();
          return model.embed(request, signal);
        },
      };
    }
    case 'bedrock':
      // Loaded only where it is used: no other stage should pay for the signing code at its cold start.
      return lazyModel(remembered(parts.clock, Infinity, async () => (await import('../models/bedrock.ts')).bedrockModel(settings)));
  }
}

async function readSecret(secrets: SecretsManagerClient, SecretId: string): Promise<string> {
  try {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    if (!SecretString?.trim()) throw new Error(`the secret ${SecretId} holds no text`);
    return SecretString.trim();
  } catch (cause) {
    // May pass by itself, and an operator may mend it while the run still waits.
    throw new ModelError('unavailable', `the key of the model cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The result of `make`, kept for a time; a failure is not kept. Callers at the same time share one attempt. */
function remembered<T>(clock: Clock, keptMs: number, make: () => Promise<T>): () => Promise<T> {
  let kept: { made: Promise<T>; untilMs: number } | undefined;
  return () => {
    if (kept && clock.nowMs() < kept.untilMs) return kept.made;
    const made = make();
    const mine = { made, untilMs: clock.nowMs() + keptMs };
    kept = mine;
    made.catch(() => {
      if (kept === mine) kept = undefined;
    });
    return made;
  };
}

/** A model that is made when it is first asked. */
function lazyModel(make: () => Promise<Model>): Model {
  return {
    async *stream(request, signal) {
      const model = await make();
      signal.throwIfAborted();
      yield* model.stream(request, signal);
    },
    list: async () => (await make()).list(),
  };
}
