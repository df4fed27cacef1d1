import type { ModelError } from '../ports/model.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** What may pass by itself. */
export const mayPass = ({ kind }: ModelError): boolean => kind === 'unavailable' || kind === 'rate_limited';

/** What the provider asked for, else exponential backoff with jitter over its upper half; from the second pause on at least that, for one that asks for none. */
export function pauseBefore(attempt: number, error: ModelError): number {
  const backoffMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  const jitteredMs = Math.round(backoffMs * (0.5 + Math.random() / 2));
  if (error.retryAfterMs === undefined) return jitteredMs;
  return attempt === 1 ? error.retryAfterMs : Math.max(error.retryAfterMs, jitteredMs);
}
