/** What the official client throws, as the port's errors. */
import { APIConnectionError, APIError } from 'openai';
import { ModelError, type ModelErrorKind } from '../ports/model.ts';

/** What is no answer of the provider may pass by itself: broken streams surface as all sorts of errors. */
export function toModelError(cause: unknown): ModelError {
  if (!(cause instanceof APIError) || cause instanceof APIConnectionError) {
    return new ModelError('unavailable', cause instanceof Error ? cause.message : String(cause), { cause });
  }
  return new ModelError(kindOf(cause), cause.message, { cause, retryAfterMs: retryAfterMs(cause.headers as Headers | undefined) });
}

/** Providers without codes name the limit in a sentence: vLLM, Ollama, llama.cpp, Bedrock, Anthropic. */
const CONTEXT_OVERFLOW = /context (length|window|size|limit)|maximum context|(prompt|input) is too long/i;

/** Code and words first: an error told inside the stream comes without a status. */
function kindOf({ status, code: given, message }: { status: number | undefined; code: string | null | undefined; message: string }): ModelErrorKind {
  // OpenRouter's codes are numbers.
  const code = String(given ?? '');
  if (code === 'insufficient_quota') return 'quota_exceeded';
  if (code === 'content_filter' || code === 'content_policy_violation') return 'content_filter';
  if (status === 429 || code === 'rate_limit_exceeded' || code === '429') return 'rate_limited';
  if (code === 'context_length_exceeded' || ((status ?? 0) < 500 && CONTEXT_OVERFLOW.test(message))) return 'context_overflow';
  if (status === undefined || status === 408 || status === 409 || status >= 500) return 'unavailable';
  return status === 401 || status === 403 ? 'unauthorized' : 'rejected';
}

function retryAfterMs(headers: Headers | undefined): number | undefined {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (Number.isFinite(ms)) return ms;
  const seconds = Number.parseFloat(headers?.get('retry-after') ?? '');
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}
