import { sleep } from '../domain/clock.ts';
import { NO_USAGE, type Usage } from '../domain/usage.ts';
import { ModelError, type ModelRequest } from '../ports/model.ts';
import type { World } from '../ports/world.ts';
import { mayPass, pauseBefore } from '../tools/pause-before.ts';
import { countTokens } from '../tools/tokens.ts';
import type { Turn } from './turn.ts';

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
      const isTooLate = world.clock.nowMs() + pauseMs >= limits.untilMs;
      if (!mayPass(error) || turn.hasSpoken || isTooLate) throw error;
      world.log.info('model_retry', { runId: limits.runId, attempt, pauseMs, kind: error.kind });
      await sleep(world.clock, pauseMs, limits.signal);
    }
  }
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
