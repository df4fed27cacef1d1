import { expect, it } from '@jest/globals';
import { APIConnectionError, APIError } from 'openai';
import { describeFailure } from '../../shared/engine/describe-failure.ts';
import { ModelError } from '../../shared/ports/model.ts';

it('names what a provider answered, without its words', () => {
  const cause = new APIError(401, { message: 'Incorrect API key provided: sk-secret', code: 'invalid_api_key', type: 'invalid_request_error' }, 'Incorrect API key provided: sk-secret', new Headers());
  expect(describeFailure(new ModelError('unauthorized', cause.message, { cause }))).toEqual({ kind: 'unauthorized', causes: ['Error APIError 401 invalid_api_key invalid_request_error'] });
});

it('names what stood in the way of an answer, down to the bottom', () => {
  const bottom = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  const cause = new APIConnectionError({ message: 'Connection error.', cause: new TypeError('fetch failed', { cause: bottom }) });
  expect(describeFailure(new ModelError('unavailable', cause.message, { cause })).causes).toEqual(['Error APIConnectionError', 'TypeError', 'Error ECONNREFUSED']);
});

it('takes no sentence for a code, and quotes no parser', () => {
  const failures = [Object.assign(new Error('no'), { code: 'what a user wrote' }), new SyntaxError('Unexpected token: what a user wrote')];
  expect(failures.map((cause) => describeFailure(new ModelError('unavailable', cause.message, { cause })).causes)).toEqual([['Error'], ['SyntaxError']]);
  expect(describeFailure(new ModelError('unavailable', 'the stream was cut off'))).toEqual({ kind: 'unavailable', causes: [] });
});
