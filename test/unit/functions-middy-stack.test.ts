import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { Context } from 'aws-lambda';
import { PassThrough, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Deadline, GivenBackError } from '../../functions/shared/deadline.ts';
import { type StreamedResponse, wrap, wrapStreaming } from '../../functions/shared/middy-stack.ts';
import type { Telemetry } from '../../functions/shared/telemetry.ts';

const context = { functionName: 'fn', awsRequestId: 'r', getRemainingTimeInMillis: () => 60_000 } as Context;
const FAILURE = { statusCode: 500, headers: {}, body: 'sorry' };

function makeTelemetry() {
  const lines: unknown[][] = [];
  const log = (...line: unknown[]) => void lines.push(line);
  const telemetry: Telemetry = {
    logger: new Logger({ serviceName: 'test', logLevel: 'SILENT' }),
    metrics: new Metrics({ namespace: 'test', serviceName: 'test' }),
    tracer: new Tracer({ serviceName: 'test', enabled: false }),
    log: { info: log, error: log },
  };
  telemetry.metrics.setDefaultDimensions({});
  return { telemetry, lines };
}

describe('a function', () => {
  it('answers after what it left under way is done', async () => {
    const { telemetry } = makeTelemetry();
    const left = Promise.withResolvers<void>();
    let answered = false;
    const answer = wrap(telemetry, async (n: number) => n + 1, () => left.promise)(1, context).then((value: number) => ((answered = true), value));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    left.resolve();
    expect(await answer).toBe(2);
  });

  it('fails with an error that holds nothing of the one that it failed of', async () => {
    const { telemetry, lines } = makeTelemetry();
    const cause = Object.assign(new TypeError('what a user wrote'), { current: { content: 'what a user wrote' } });
    const failed: unknown = await wrap(telemetry, () => Promise.reject(cause))({}, context).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    const all = { ...(failed as Error), message: (failed as Error).message, stack: (failed as Error).stack, cause: (failed as Error).cause };
    expect(JSON.stringify(all)).not.toContain('what a user wrote');
    expect((failed as Error).message).toBe('TypeError: see the log line before');
    expect(lines).toEqual([['invocation_failed', { error: cause }]]);
  });
});

describe('a function that streams', () => {
  type Streaming = (event: object, stream: Writable, context: Context) => Promise<void>;
  let told: unknown;

  beforeEach(() => {
    told = undefined;
    const from = (stream: Writable, metadata: unknown) => ((told = metadata), stream);
    Object.assign(globalThis, { awslambda: { streamifyResponse: (handler: unknown) => handler, HttpResponseStream: { from } } });
  });
  afterEach(() => void Reflect.deleteProperty(globalThis, 'awslambda'));

  // Lambda's own wrapper makes it a function of three arguments, of which middy's types know two.
  const streaming = (telemetry: Telemetry, handle: () => Promise<StreamedResponse>, drain: () => Promise<void>): Streaming =>
    wrapStreaming(telemetry, handle, drain, FAILURE) as (...args: unknown[]) => unknown as Streaming;

  it('sends what is said while it is being said', async () => {
    const { telemetry } = makeTelemetry();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const out = new PassThrough();
    const ended = streaming(telemetry, async () => ({ statusCode: 200, headers: { a: 'b' }, body: readable }), () => Promise.resolve())({}, out, context);
    const writer = writable.getWriter();
    const [first] = await Promise.all([new Promise<Buffer>((resolve) => out.once('data', resolve)), writer.write(Buffer.from('one '))]);
    expect([told, String(first)]).toEqual([{ statusCode: 200, headers: { a: 'b' } }, 'one ']);
    const rest = text(out);
    await writer.write(Buffer.from('two'));
    await writer.close();
    expect(await rest).toBe('two');
    await ended;
  });

  it('goes on after its client has left, and ends when its work does', async () => {
    const { telemetry } = makeTelemetry();
    const work = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    let say: (text: string) => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (say = (said) => controller.enqueue(Buffer.from(said))), cancel: () => cancelled.resolve() });
    const out = new PassThrough();
    let ended = false;
    const invocation = streaming(telemetry, async () => ({ statusCode: 200, headers: {}, body }), () => work.promise)({}, out, context)
      .catch(() => undefined)
      .finally(() => (ended = true));
    const heard = new Promise((resolve) => out.once('data', resolve));
    say('one');
    await heard;
    out.destroy();
    say('two');
    await cancelled.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    work.resolve();
    await invocation;
    expect(ended).toBe(true);
  });

  it('answers its own failure', async () => {
    const { telemetry, lines } = makeTelemetry();
    const out = new PassThrough();
    const said = text(out);
    await streaming(telemetry, () => Promise.reject(new Error('no')), () => Promise.resolve())({}, out, context);
    expect([told, await said]).toEqual([{ statusCode: 500, headers: {} }, 'sorry']);
    expect(lines).toHaveLength(1);
  });
});

describe('a deadline', () => {
  it('gives back what is not done fifteen seconds before the end', async () => {
    const deadline = new Deadline({ getRemainingTimeInMillis: () => 15_020 });
    const done = deadline.orGiveBack(Promise.resolve('done'));
    await expect(deadline.orGiveBack(new Promise(() => undefined))).rejects.toThrow(GivenBackError);
    expect(await done).toBe('done');
    deadline.clear();
  });
});
