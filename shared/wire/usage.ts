import type { Usage } from '../domain/usage.ts';

/** With the details that the hosted service added; "prompt_token_details" is its own spelling (contract §3). */
export const toWireUsage = (usage: Usage) => ({
  prompt_tokens: usage.promptTokens,
  completion_tokens: usage.completionTokens,
  total_tokens: usage.promptTokens + usage.completionTokens,
  prompt_token_details: { cached_tokens: usage.cachedTokens },
  completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
});
