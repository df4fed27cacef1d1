import { sleep } from '../domain/clock.ts';
import { NO_USAGE, type Usage } from '../domain/usage.ts';
import { ModelError, type ModelRequest } from '../ports/model.ts';
import type { World } from '../ports/world.ts';
import { countTokens } from '../tools/tokens.ts';
import type { Turn } from './turn.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Reads one model call into `turn`. What may pass by itself is tried again while the run's window allows, but only as long
 * as nothing has been told of the answer. Rejects with ModelError, or with the signal's reason.
 */
export async function callModel(world: World, request: ModelRequest, turn: Turn, limits: { signal: AbortSignal; untilMs: number; runId: string }): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await turn.read(world.model.stream(request, limits.signal));
    } catch (error) {
      limits.signal.throwIfAborted();
      if (!(error instanceof ModelError)) throw error;
      const pauseMs = pauseBefore(attempt, error);
      const mayPass = error.kind === 'unavailable' || error.kind === 'rate_limited';
      const isTooLate = world.clock.nowMs() + pauseMs >= limits.untilMs;
      if (!mayPass || turn.hasSpoken || isTooLate) throw error;
      world.log.info('model_retry', { runId: limits.runId, attempt, pauseMs, kind: error.kind });
      await sleep(world.clock, pauseMs, limits.signal);
    }
  }
}

/** What the provider asked for, else exponential backoff with jitter over its upper half; from the second pause on at least that, for one that asks for none. */
function pauseBefore(attempt: number, error: ModelError): number {
  const backoffMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  const jitteredMs = Math.round(backoffMs * (0.5 + Math.random() / 2));
  if (error.retryAfterMs === undefined) return jitteredMs;
  return attempt === 1 ? error.retryAfterMs : Math.max(error.retryAfterMs, jitteredMs);
}

/** The provider's own count; ours when it was cut short of telling, or never tells. */
export async function usageOf(turn: Turn, request: ModelRequest | undefined): Promise<Usage> {
  if (turn.usage) return turn.usage;
  if (!request || !turn.hasSpoken) return NO_USAGE;
  const prompt = [...request.messages.map((message) => textOf(message.content)), ...(request.tools ?? []).map((tool) => JSON.stringify(tool))];
  return {
    promptTokens: await countTokens(prompt.join('\n')),
    completionTokens: await countTokens(turn.spoken),
    cachedTokens: 0,
    reasoningTokens: 0,
  };
}

const textOf = (content: ModelRequest['messages'][number]['content']): string =>
  typeof content === 'string' ? content : (content ?? []).map((part) => ('text' in part ? part.text : '')).join('\n');
