/** Lambda as functions see it: they call each other and wait for the answer. */
import type { KnownFunction } from './aws-asking.ts';
import { type Answer, json, refusal } from './aws-words.ts';
import { InvocationFailed, InvocationRefused } from './lambda-errors.ts';

/** Of an answer that is waited for. */
const MOST_BYTES = 6 * 1024 * 1024;

export async function invokeFunction(functions: KnownFunction[], { FunctionName, Payload }: Record<string, unknown>): Promise<Answer> {
  const found = functions.find(({ arn }) => arn === FunctionName);
  if (!found) return refusal('lambda', { status: 404, type: 'ResourceNotFoundException' });
  try {
    const answer = (await found.invoke(Payload)) ?? null;
    if (Buffer.byteLength(JSON.stringify(answer)) > MOST_BYTES) return failed('Function.ResponseSizeTooLarge', 'Response payload size exceeded maximum allowed payload size (6291556 bytes).');
    return json('lambda', 200, answer as object);
  } catch (error) {
    if (error instanceof InvocationRefused) return refusal('lambda', { status: 413, type: 'RequestTooLargeException', message: error.message });
    if (error instanceof InvocationFailed) return failed(error.errorType, error.message);
    throw error;
  }
}

/** The call itself went well; what the function failed with is its answer. */
function failed(errorType: string, errorMessage: string): Answer {
  const answer = json('lambda', 200, { errorType, errorMessage });
  return { ...answer, headers: { ...answer.headers, 'x-amz-function-error': 'Unhandled' } };
}
