import type { RunError } from '../domain/run.ts';
import type { ModelError, ModelErrorKind } from '../ports/model.ts';

/** The sentence that the hosted service used for whatever went wrong on its side (contract §9). */
export const SOMETHING_WENT_WRONG: RunError = { code: 'server_error', message: 'Sorry, something went wrong.' };

const QUOTA_EXCEEDED =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.';

const RATE_LIMITED = 'The rate limit of the model was exceeded. Please slow down and try again.';

/**
 * A failed model call as the run's `last_error`: total over the kinds. The provider's own words go along where they speak of the
 * request; where they may speak of the operator's account they go nowhere.
 */
export function runErrorOf(error: ModelError): RunError {
  const table: Record<ModelErrorKind, RunError> = {
    unavailable: SOMETHING_WENT_WRONG,
    rate_limited: { code: 'rate_limit_exceeded', message: RATE_LIMITED },
    quota_exceeded: { code: 'rate_limit_exceeded', message: QUOTA_EXCEEDED },
    context_overflow: { code: 'invalid_prompt', message: error.message },
    content_filter: { code: 'invalid_prompt', message: error.message },
    unauthorized: SOMETHING_WENT_WRONG,
    rejected: { code: 'server_error', message: error.message },
  };
  return table[error.kind];
}
