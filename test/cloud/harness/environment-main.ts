/**
 * An execution environment of Lambda for Node: loads a function's module, then takes invocations from its parent, one at a
 * time. Arguments: the module's path, the handler's name, how far the time is ahead.
 */
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { ShiftedTime } from '../../support/engines/shifted-time.ts';
import { installNetwork } from './environment-network.ts';
import { type Failure, type FromEnvironment, type Invocation, type ToEnvironment, lastLine } from './environment-messages.ts';
import { ResponseStream, type StreamingHandler, installAwsLambda, isStreaming } from './response-stream.ts';

type Handler = ((event: unknown, context: object) => unknown) | StreamingHandler;

const [modulePath = '', handlerName = '', offsetMs = '0'] = process.argv.slice(2);
const time = ShiftedTime.install(Number(offsetMs));
installNetwork();
installAwsLambda();

let current: string | undefined;
let handler: Handler | undefined;

const send = (message: FromEnvironment, done: (error: Error | null) => void = () => undefined): void => void process.send?.(message, undefined, undefined, done);

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  return { errorType: error.name, errorMessage: error.message };
}

/** Lambda's runtime logs whatever an invocation fails with, all its fields included. */
function logError(what: string, error: unknown): void {
  const fields = error instanceof Error ? { ...failureOf(error), ...error, stack: error.stack?.split('\n') } : failureOf(error);
  process.stderr.write(`${new Date().toISOString()}\t${current ?? 'undefined'}\tERROR\t${what}\t${JSON.stringify(fields)}\n`);
}

/** Stops the process as soon as that is said: whatever is left goes on with the next invocation, if ever. */
function end(message: FromEnvironment): void {
  const id = current;
  if (id === undefined) return;
  current = undefined;
  process.channel?.ref();
  process.stdout.write(`\n${lastLine(id)}\n`);
  process.stderr.write(`\n${lastLine(id)}\n`);
  send(message, () => process.kill(process.pid, 'SIGSTOP'));
}

function fail(id: string, error: unknown): void {
  if (current !== id) return;
  logError('Invoke Error', error);
  end({ failed: id, failure: failureOf(error) });
}

async function stream(id: string, handle: StreamingHandler, event: unknown, context: object): Promise<void> {
  const answer = new ResponseStream((piece, done) => send({ piece, of: id }, done));
  // Whoever writes is told of errors; the invocation is by the handler's rejection.
  answer.on('error', () => undefined);
  await handle(event, answer, context);
  if (!answer.writableFinished) await once(answer, 'finish');
}

async function invoke({ invoke: id, payload, deadlineMs, traceId, functionArn }: Invocation): Promise<void> {
  current = id;
  process.env['_X_AMZN_TRACE_ID'] = traceId;
  // With nothing else open the event loop runs empty, which is how the runtime finds that a handler waits for what never comes.
  process.channel?.unref();
  const { env } = process;
  const context = {
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: env['AWS_LAMBDA_FUNCTION_VERSION'],
    invokedFunctionArn: functionArn,
    memoryLimitInMB: env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    awsRequestId: id,
    logGroupName: env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'],
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(deadlineMs - Date.now(), 0),
  };
  try {
    const event = JSON.parse(payload) as unknown;
    if (isStreaming(handler)) {
      await stream(id, handler, event, context);
      end({ done: id, result: 'null' });
      return;
    }
    const result: unknown = await (handler as (event: unknown, context: object) => unknown)(event, context);
    if (current === id) end({ done: id, result: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    fail(id, error);
  }
}

class NodeJsExit extends Error {
  override readonly name = 'Runtime.NodeJsExit';
}

process.on('beforeExit', () => {
  if (current !== undefined) fail(current, new NodeJsExit('The event loop is empty and the handler has not come to an end: a promise was never settled.'));
});

/** The runtime reports it and ends the process: the next invocation needs another environment. */
function crash(what: string, errorType: string, error: unknown, code: number): void {
  logError(what, error);
  send({ dying: { errorType, errorMessage: failureOf(error).errorMessage } }, () => process.exit(code));
}
process.on('uncaughtException', (error) => crash('Uncaught Exception', failureOf(error).errorType, error, 129));
process.on('unhandledRejection', (error) => crash('Unhandled Promise Rejection', 'Runtime.UnhandledPromiseRejection', error, 128));
process.on('disconnect', () => process.exit());

/** Moves of the clock and invocations take effect in the order in which they were sent, however long the process was stopped. */
let order: Promise<void> = Promise.resolve();
process.on('message', (message: ToEnvironment) => {
  order = order.then(async () => {
    if ('invoke' in message) return void invoke(message);
    await time.moveTo(message.offsetMs, message.fire);
    send({ moved: message.move });
  });
});

try {
  const found = ((await import(pathToFileURL(modulePath).href)) as Record<string, unknown>)[handlerName];
  if (typeof found !== 'function') throw Object.assign(new Error(`${handlerName} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
  handler = found as Handler;
  send({ ready: true });
} catch (error) {
  logError('Init Error', error);
  send({ dying: failureOf(error) }, () => process.exit(1));
}
