import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { MovedClock } from './harness/cloud-clock.ts';
import { HttpFront } from './harness/http-front.ts';
import type { LambdaFunction, StreamInvocable } from './harness/lambda-function.ts';
import { openFunctions } from './harness/test-functions.ts';

const clock = new MovedClock();
const { open, closeAll } = openFunctions(clock);
const template = (message: string) => ({ templates: { 'application/json': JSON.stringify({ error: { message } }) }, parameters: { 'gatewayresponse.header.x-request-id': 'context.requestId' } });
const gatewayResponses = { DEFAULT_5XX: template('an error of ours'), DEFAULT_4XX: template('an error of yours'), REQUEST_TOO_LARGE: template('too much') };

let front: HttpFront;
/** Answers with the event that it was given. */
let whole: LambdaFunction;

const startFront = (target: StreamInvocable, more: Partial<Parameters<typeof HttpFront.start>[0]> = {}) =>
  HttpFront.start({
    stageName: 'dev',
    binaryMediaTypes: ['multipart/form-data'],
    routes: [
      { method: 'ANY', resource: '/', target },
      { method: 'ANY', resource: '/{proxy+}', target },
    ],
    gatewayResponses,
    clock,
    ...more,
  });

beforeAll(async () => {
  whole = open('streamed.whole');
  front = await startFront(whole);
});
afterAll(async () => {
  await front.close();
  await closeAll();
});

let own: HttpFront | undefined;
afterEach(async () => {
  await own?.close();
  own = undefined;
});

/** A front for another handler. */
async function behind(handler: string): Promise<{ url: string; fn: LambdaFunction }> {
  const fn = open(handler);
  own = await startFront(fn);
  return { url: own.url, fn };
}

/** By hand: fetch would tidy up what is sent. */
async function send(path: string, options: { method?: string; headers?: Record<string, string | string[]>; body?: string | Buffer } = {}): Promise<{ answer: IncomingMessage; event: APIGatewayProxyEvent }> {
  const { body, ...rest } = options;
  const asked = request(new URL(front.url).origin + '/x', { ...rest, path });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return { answer, event: JSON.parse(await text(answer)) as APIGatewayProxyEvent };
}

describe('a request', () => {
  it('becomes an event of a REST API', async () => {
    const { event } = await send('/dev/v1/threads?limit=5&order=asc&order=desc&q=a%20b%26c+d', {
      method: 'POST',
      headers: { Authorization: 'Bearer sk-1', 'X-Many': ['a', 'b'], 'content-type': 'application/json', 'User-Agent': 'test' },
      body: '{"name":"Grüße 🙂"}',
    });
    expect(event).toEqual({
      resource: '/{proxy+}',
      path: '/v1/threads',
      httpMethod: 'POST',
      headers: expect.objectContaining({ Authorization: 'Bearer sk-1', 'X-Many': 'b', 'content-type': 'application/json', 'X-Forwarded-Proto': 'https' }),
      multiValueHeaders: expect.objectContaining({ Authorization: ['Bearer sk-1'], 'X-Many': ['a', 'b'] }),
      queryStringParameters: { limit: '5', order: 'desc', q: 'a b&c d' },
      multiValueQueryStringParameters: { limit: ['5'], order: ['asc', 'desc'], q: ['a b&c d'] },
      pathParameters: { proxy: 'v1/threads' },
      stageVariables: null,
      requestContext: expect.objectContaining({
        accountId: '000000000000',
        stage: 'dev',
        requestId: expect.any(String),
        httpMethod: 'POST',
        path: '/dev/v1/threads',
        resourcePath: '/{proxy+}',
        protocol: 'HTTP/1.1',
        domainName: new URL(front.url).host,
        requestTimeEpoch: expect.any(Number),
        identity: expect.objectContaining({ sourceIp: '127.0.0.1', userAgent: 'test' }),
      }),
      body: '{"name":"Grüße 🙂"}',
      isBase64Encoded: false,
    });
  });

  it.each([
    ['/dev/v1/models/a%2Fb%3Fc%20d', '/v1/models/a%2Fb%3Fc%20d', 'v1/models/a/b?c d'],
    ['/dev//v1/threads', '//v1/threads', '/v1/threads'],
    ['/dev/v1/%zz', '/v1/%zz', 'v1/%zz'],
  ])('for %s has the path as it was sent', async (sent, path, proxy) => {
    const { event } = await send(sent);
    expect([event.path, event.pathParameters, event.body, event.queryStringParameters]).toEqual([path, { proxy }, null, null]);
  });

  it.each(['/dev', '/dev/', '/dev?a=b'])('for %s is the root’s', async (sent) => {
    const { event } = await send(sent);
    expect([event.resource, event.path, event.pathParameters]).toEqual(['/', '/', null]);
  });

  it('keeps bytes where the media type is binary', async () => {
    const bytes = Buffer.from([0, 255, 128, 10]);
    const { event } = await send('/dev/v1/files', { method: 'POST', headers: { 'content-type': 'Multipart/Form-Data; boundary=x' }, body: bytes });
    expect([event.isBase64Encoded, Buffer.from(event.body ?? '', 'base64')]).toEqual([true, bytes]);
  });

  it('for another stage is nobody’s', async () => {
    const { answer } = await send('/prod/v1/threads');
    expect(answer.statusCode).toBe(403);
  });

  it('with a header beyond Latin-1 has it as text', async () => {
    const { event } = await send('/dev/', { headers: { 'x-name': Buffer.from('東京').toString('latin1') } });
    expect(event.headers['x-name']).toBe('東京');
  });
});

describe('what is too large', () => {
  it('is refused by the gateway beyond 10 MB', async () => {
    const before = whole.invocations;
    const { answer, event } = await send('/dev/v1/files', { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024 + 1) });
    expect([answer.statusCode, event, whole.invocations]).toEqual([413, { error: { message: 'too much' } }, before]);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is refused by Lambda beyond 6 MB, which is an error of ours', async () => {
    const { answer, event } = await send('/dev/v1/files', { method: 'POST', body: 'x'.repeat(6 * 1024 * 1024) });
    expect([answer.statusCode, event]).toEqual([500, { error: { message: 'an error of ours' } }]);
  });

  it('is not what is a little smaller', async () => {
    const { answer, event } = await send('/dev/v1/files', { method: 'POST', body: 'x'.repeat(5_500_000) });
    expect([answer.statusCode, event.body?.length]).toEqual([201, 5_500_000]);
  });
});

describe('an answer', () => {
  it('has the function’s status and headers', async () => {
    const { answer } = await send('/dev/');
    expect([answer.statusCode, answer.headers['x-own'], answer.headers['content-type']]).toEqual([201, 'yes', 'application/json']);
  });

  it('without a body is one', async () => {
    const { url } = await behind('streamed.empty');
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  });

  it('has several headers of a name, cookies, and the gateway’s own in other words', async () => {
    const { url } = await behind('streamed.byHand');
    const answer = await fetch(url);
    expect(await answer.text()).toBe('hello 36');
    expect([answer.headers.get('x-many'), answer.headers.getSetCookie()]).toEqual(['a, b', ['c=1', 'd=2']]);
    expect([answer.headers.get('x-amzn-remapped-date'), answer.headers.get('x-amzn-remapped-content-length')]).toEqual(['mine', '5']);
  });

  it('goes out as it comes', async () => {
    const { url } = await behind('streamed.pieces');
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ count: 2, everyMs: 5000 }) });
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('piece 1\n');
    const second = reader?.read();
    while ((await Promise.race([second, delay(20, 'not yet')])) === 'not yet') await clock.move(1000, true);
    expect(Buffer.from((await second)?.value ?? []).toString()).toBe('piece 2\n');
    await reader?.cancel();
  });

  it('goes on in the function when the client leaves', async () => {
    const { url, fn } = await behind('streamed.pieces');
    const client = new AbortController();
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ count: 20, everyMs: 10 }), signal: client.signal });
    await answer.body?.getReader().read();
    client.abort();
    while (own?.underWay !== 0) await delay(5);
    expect(fn.logs.at(-1)?.json).toEqual({ message: 'all told' });
  });

  it.each(['streamed.failsFirst', 'streamed.noPrelude', 'plain.dies', 'plain.fails'])('that never begins (%s) is the gateway’s own', async (handler) => {
    const { url } = await behind(handler);
    const answer = await fetch(url);
    expect([answer.status, await answer.json(), answer.headers.get('content-type')]).toEqual([502, { error: { message: 'an error of ours' } }, 'application/json']);
  });

  it.each(['streamed.failsLater', 'streamed.diesLater'])('that breaks off (%s) is cut', async (handler) => {
    const { url } = await behind(handler);
    const asked = request(url);
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    await expect(buffer(answer)).rejects.toThrow('aborted');
  });
});

describe('the front', () => {
  it.each<[string, Parameters<typeof startFront>[1]]>([
    ['a route is not understood', { routes: [{ method: 'GET', resource: '/', target: { invokeStreaming: () => Promise.reject(new Error('never')) } }] }],
    ['a route is not understood', { routes: [{ method: 'ANY', resource: '/v1', target: { invokeStreaming: () => Promise.reject(new Error('never')) } }] }],
    ['more than one template', { gatewayResponses: { DEFAULT_4XX: { templates: { 'application/json': '', 'text/html': '' }, parameters: {} } } }],
    ['has variables', { gatewayResponses: { DEFAULT_4XX: { templates: { 'application/json': '$context.error.messageString' }, parameters: {} } } }],
    ['parameter is not understood', { gatewayResponses: { DEFAULT_4XX: { templates: {}, parameters: { 'gatewayresponse.header.x': 'method.request.header.y' } } } }],
  ])('throws: %s', async (message, spec) => {
    await expect(startFront(whole, spec)).rejects.toThrow(message);
  });
});
