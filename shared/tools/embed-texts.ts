import { sleep } from '../domain/clock.ts';
import type { Embedding } from '../domain/vector-store.ts';
import { ModelError } from '../ports/model.ts';
import type { World } from '../ports/world.ts';
import { mayPass, pauseBefore } from './pause-before.ts';

/** What one request may have: inputs and tokens by the contract (§5), bytes so that no proxy on the way refuses it. */
export const MOST_INPUTS = 2048;
export const MOST_TOKENS = 300_000;
export const MOST_BYTES = 8 * 1024 * 1024;

/** Some four minutes in all where the provider says nothing itself; then the job is put off, or fails. */
const MOST_TRIES = 12;

/** A vector for each text. What may pass by itself is tried again. Rejects with ModelError, or with the signal's reason. */
export async function embedTexts(world: Pick<World, 'model' | 'clock' | 'log'>, { model, dimensions }: Embedding, texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
  if (!world.model.embed) throw new ModelError('rejected', 'there is no model for embeddings');
  for (let attempt = 1; ; attempt++) {
    try {
      return await world.model.embed({ model, dimensions, texts }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ModelError) || !mayPass(error) || attempt === MOST_TRIES) throw error;
      const pauseMs = pauseBefore(attempt, error);
      world.log.info('model_retry', { attempt, pauseMs, kind: error.kind });
      await sleep(world.clock, pauseMs, signal);
    }
  }
}
