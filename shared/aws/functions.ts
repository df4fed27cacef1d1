import { InvokeCommand, type LambdaClient, LambdaServiceException } from '@aws-sdk/client-lambda';
import { type Clock, within } from '../domain/clock.ts';
import { type FunctionAnswer, type FunctionRequest, type Functions, FunctionUnavailableError } from '../ports/functions.ts';

/** Statuses of the service that say nothing of the function: too much at once, or a fault of Lambda's own. */
const MAY_PASS = (status: number): boolean => status === 429 || status >= 500;

/** `allowed`: ARNs as they are to be written, each by itself. */
export function makeFunctions({ lambda, clock, allowed }: { lambda: LambdaClient; clock: Clock; allowed: readonly string[] }): Functions {
  return {
    mayInvoke: (arn) => allowed.includes(arn),
    invoke(request) {
      const { timeoutMs: ms, signal } = request;
      const late = () => new FunctionUnavailableError(`The function took longer than ${ms / 1000} seconds.`, false);
      return within(clock, { ms, late, signal }, (over) => invoke(lambda, request, over));
    },
  };
}

async function invoke(lambda: LambdaClient, { arn, payload }: FunctionRequest, abortSignal: AbortSignal): Promise<FunctionAnswer> {
  try {
    const { Payload: body, FunctionError: failure } = await lambda.send(new InvokeCommand({ FunctionName: arn, InvocationType: 'RequestResponse', Payload: payload }), { abortSignal });
    return { body: body ?? new Uint8Array(), failed: failure !== undefined };
  } catch (cause) {
    if (abortSignal.aborted) throw abortSignal.reason;
    const status = cause instanceof LambdaServiceException ? cause.$metadata.httpStatusCode : undefined;
    // Without a status it is the way there that failed.
    throw new FunctionUnavailableError(cause instanceof Error ? cause.name : 'unknown', status === undefined || MAY_PASS(status), { cause });
  }
}
