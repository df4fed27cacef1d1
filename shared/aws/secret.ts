import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../domain/clock.ts';
import { type Clients, makeClients } from './clients.ts';

/** A secret that was replaced is known after this time at the latest. */
const KEPT_MS = 300_000;

/** The text of a secret, as it was a few minutes ago at most. A failure to read it is not kept. */
export function openSecret(SecretId: string, clock: Clock, { secrets }: Pick<Clients, 'secrets'> = makeClients()): () => Promise<string> {
  let kept: { text: string; untilMs: number } | undefined;
  return async () => {
    if (kept && clock.nowMs() < kept.untilMs) return kept.text;
    const { SecretString: text = '' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    if (text === '') throw new Error(`the secret ${SecretId} holds no text`);
    kept = { text, untilMs: clock.nowMs() + KEPT_MS };
    return text;
  };
}
