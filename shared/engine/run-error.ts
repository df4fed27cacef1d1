import type { RunError } from '../domain/run.ts';
import type { ModelError, ModelErrorKind } from '../ports/model.ts';

/** The sentence that the hosted service used for whatever went wrong on its side (contract §9). */
export const SOMETHING_WENT_WRONG: RunError = { code: 'server_error', message: 'Sorry, something went wrong.' };

const QUOTA_EXCEEDED =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.';

/** A failed model call as the run's `last_error`: total over the kinds. What only an operator can mend carries the provider's own words. */
export function runErrorOf(error: ModelError): RunError {
  const table: Record<ModelErrorKind, RunError> = {
    unavailable: SOMETHING_WENT_WRONG,
    rate_limited: { code: 'rate_limit_exceeded', message: error.message },
    quota_exceeded: { code: 'rate_limit_exceeded', message: QUOTA_EXCEEDED },
    context_overflow: { code: 'invalid_prompt', message: error.message },
    content_filter: { code: 'invalid_prompt', message: error.message },
    rejected: { code: 'server_error', message: error.message },
  };
  return table[error.kind];
}
