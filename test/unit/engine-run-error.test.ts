import { describe, expect, it } from '@jest/globals';
import { runErrorOf } from '../../shared/engine/run-error.ts';
import { ModelError, type ModelErrorKind } from '../../shared/ports/model.ts';

describe('a failed model call becomes the run’s last_error', () => {
  const QUOTA =
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.';

  it.each<[ModelErrorKind, string, string]>([
    // What passes by itself says nothing of the inside; what only an operator can mend carries the provider's words.
    ['unavailable', 'server_error', 'Sorry, something went wrong.'],
    ['rate_limited', 'rate_limit_exceeded', 'The rate limit of the model was exceeded. Please slow down and try again.'],
    ['unauthorized', 'server_error', 'Sorry, something went wrong.'],
    ['quota_exceeded', 'rate_limit_exceeded', QUOTA],
    ['context_overflow', 'invalid_prompt', 'what the provider said'],
    ['content_filter', 'invalid_prompt', 'what the provider said'],
    ['rejected', 'server_error', 'what the provider said'],
  ])('%s: %s', (kind, code, message) => {
    expect(runErrorOf(new ModelError(kind, 'what the provider said'))).toEqual({ code, message });
  });
});
