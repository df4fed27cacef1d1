// Streaming handlers for tests, by hand and by middy as the product has them.
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import { Readable } from 'node:stream';

const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const mode = { executionMode: executionModeStreamifyResponse };

export const whole = middy(async (event) => ({ statusCode: 201, headers: { 'content-type': 'application/json', 'x-own': 'yes' }, body: JSON.stringify(event) }), mode);

export const empty = middy(async () => ({ statusCode: 204, headers: {}, body: '' }), mode);

// A piece each time that the clock has gone on by `everyMs`.
export const pieces = middy(async ({ body }) => {
  const { count, everyMs = 0 } = JSON.parse(body ?? '{"count":3}');
  async function* make() {
    for (let n = 1; n <= count; n++) {
      yield `piece ${n}\n`;
      await after(everyMs);
    }
    console.log(JSON.stringify({ message: 'all told' }));
  }
  return { statusCode: 200, headers: { 'content-type': 'text/event-stream' }, body: Readable.from(make()) };
}, mode);

export const failsFirst = middy(async () => {
  throw new Error('before anything');
}, mode);

export const failsLater = middy(async () => {
  async function* make() {
    yield 'begun\n';
    await after(1);
    throw new Error('in the middle');
  }
  return { statusCode: 200, headers: {}, body: Readable.from(make()) };
}, mode);

export const diesLater = middy(async () => {
  async function* make() {
    yield 'begun\n';
    await after(20);
    process.kill(process.pid, 'SIGKILL');
    await after(60_000);
  }
  return { statusCode: 200, headers: {}, body: Readable.from(make()) };
}, mode);

// The body is whole long before the invocation ends.
export const lingers = middy(async () => ({ statusCode: 200, headers: {}, body: 'short' }), { ...mode, requestEnd: () => after(10_000) });

export const byHand = globalThis.awslambda.streamifyResponse(async (event, stream, context) => {
  const out = globalThis.awslambda.HttpResponseStream.from(stream, {
    statusCode: 200,
    headers: { date: 'mine', 'content-length': '5', 'Transfer-Encoding': 'chunked' },
    multiValueHeaders: { 'x-many': ['a', 'b'] },
    cookies: ['c=1', 'd=2'],
  });
  out.write(`hello ${context.awsRequestId.length}`);
  out.end();
});

export const noPrelude = globalThis.awslambda.streamifyResponse(async (event, stream) => {
  stream.write('just bytes');
  stream.end();
});

export const neverEnds = globalThis.awslambda.streamifyResponse(async (event, stream) => {
  globalThis.awslambda.HttpResponseStream.from(stream, { statusCode: 200 }).write('begun');
});
