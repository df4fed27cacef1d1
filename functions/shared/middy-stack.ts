/** The one stack of middleware that wraps every function. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware';
import middy, { type MiddlewareObj } from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { Context } from 'aws-lambda';
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Telemetry } from './telemetry.ts';

type Handle<E, R> = (event: E, context: Context) => Promise<R>;

/** An answer that API Gateway passes on while it is being written. */
export interface StreamedResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: string | Readable | ReadableStream;
}

/** For functions whose answer is a value. `drain` is waited for after each invocation, however that ended. */
export function wrap<E, R>(telemetry: Telemetry, handle: Handle<E, R>, drain: Drain = () => Promise.resolve()) {
  return stack(telemetry, handle, drain, {}, undefined);
}

/** For the function behind API Gateway's STREAM mode. `drain` is waited for after the whole body. Failures are answered with `failure`. */
export function wrapStreaming<E>(telemetry: Telemetry, handle: Handle<E, StreamedResponse>, drain: Drain, failure: StreamedResponse) {
  return stack(telemetry, handle, drain, { executionMode: executionModeStreamifyResponse }, failure);
}

type Drain = () => Promise<void>;

function stack<E, R>(telemetry: Telemetry, handle: Handle<E, R>, drain: Drain, mode: middy.PluginObject, failure: R | undefined) {
  // The clock's timers do not keep the process running, and Lambda takes a function with nothing else open to have ended.
  let awake: NodeJS.Timeout | undefined;
  const requestStart = () => void (awake = setInterval(() => undefined, 60_000));
  const requestEnd = () => finish(telemetry, drain).finally(() => clearInterval(awake));
  return middy<E, R>(handle, { ...mode, requestStart, requestEnd })
    .use(injectLambdaContext(telemetry.logger, { resetKeys: true }))
    .use(captureLambdaHandler(telemetry.tracer, { captureResponse: false }))
    .use(coldStarts(telemetry))
    .use(safeErrors(telemetry, failure));
}

/**
 * What is still to be done when the answer is given. Not `after` middleware: of a streamed answer that has its turn before
 * the body is written and most of a run driven.
 */
async function finish({ metrics }: Telemetry, drain: Drain): Promise<void> {
  try {
    await drain();
  } finally {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
}

const coldStarts = ({ metrics }: Telemetry): MiddlewareObj => ({
  before: ({ context }) => metrics.captureColdStartMetric(context.functionName),
});

/** What the invocation fails with. The runtime logs an error with all its fields, so it gets one that has none. */
class InvocationError extends Error {
  override readonly name = 'InvocationError';
}

/** Last in the stack, so that an error is made safe before anything else sees it. */
const safeErrors = ({ log }: Telemetry, failure: unknown): MiddlewareObj => ({
  onError(request) {
    log.error('invocation_failed', { error: request.error });
    // Put in place rather than thrown: middy hangs the first error on the one that replaces it.
    request.error = new InvocationError(`${request.error?.name ?? 'Error'}: see the log line before`);
    if (failure !== undefined) request.response = failure;
  },
});
