import { describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { toProxyResponse, toRequest } from '../../functions/api/proxy-event.ts';

/** An event as API Gateway makes it, in the parts that matter. */
function proxyEvent(given: Partial<APIGatewayProxyEvent> = {}): APIGatewayProxyEvent {
  return {
    httpMethod: 'GET',
    path: '/v1/threads',
    headers: {},
    multiValueHeaders: {},
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    resource: '/{proxy+}',
    body: null,
    isBase64Encoded: false,
    requestContext: { domainName: 'api.example' } as APIGatewayProxyEvent['requestContext'],
    ...given,
  };
}

describe('a proxy event as a request', () => {
  it('has the method, the path and every value of every query parameter', () => {
    const request = toRequest(proxyEvent({ multiValueQueryStringParameters: { limit: ['5'], 'include[]': ['a b', 'c&d=é'] } }));
    const url = new URL(request.url);
    expect([request.method, url.host, url.pathname]).toEqual(['GET', 'api.example', '/v1/threads']);
    expect([url.searchParams.get('limit'), url.searchParams.getAll('include[]')]).toEqual(['5', ['a b', 'c&d=é']]);
  });

  it.each([
    ['/v1/models/a?b#c', '/v1/models/a%3Fb%23c'],
    ['/v1/models/ü x', '/v1/models/%C3%BC%20x'],
    ['/v1/models/a%2Fb', '/v1/models/a%2Fb'],
    ['//v1/threads', '//v1/threads'],
  ])('takes %s for a path and nothing else', (path, expected) => {
    const url = new URL(toRequest(proxyEvent({ path })).url);
    expect([url.host, url.pathname, url.search, url.hash]).toEqual(['api.example', expected, '', '']);
  });

  it('has every header, those that no header can be in another spelling', () => {
    const { headers } = toRequest(proxyEvent({ multiValueHeaders: { Authorization: ['Bearer sk-1'], 'X-Many': ['a', 'b'], 'X-Name': ['naïve', '東京'] } }));
    expect(headers.get('authorization')).toBe('Bearer sk-1');
    expect(headers.get('x-many')).toBe('a, b');
    expect(headers.get('x-name')).toBe(`naïve, ${encodeURIComponent('東京')}`);
  });

  it.each([false, true])('has the body’s bytes (as base64: %s), and their number', async (isBase64Encoded) => {
    const text = '{"content":"Grüße 🙂"}';
    const body = isBase64Encoded ? Buffer.from(text).toString('base64') : text;
    const request = toRequest(proxyEvent({ httpMethod: 'POST', body, isBase64Encoded, multiValueHeaders: { 'Content-Length': ['7'] } }));
    expect(request.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(await request.text()).toBe(text);
  });

  it('has no body where there is none', async () => {
    expect(await toRequest(proxyEvent({ httpMethod: 'POST' })).text()).toBe('');
    expect(toRequest(proxyEvent({ body: 'ignored' })).body).toBeNull();
  });
});

describe('a response as the gateway’s answer', () => {
  it('goes out whole', async () => {
    expect(await toProxyResponse(Response.json({ id: 'x' }, { status: 404, headers: { 'x-request-id': 'req_1' } }))).toEqual({
      statusCode: 404,
      headers: { 'content-type': 'application/json', 'x-request-id': 'req_1' },
      body: '{"id":"x"}',
    });
  });

  it('stays a stream when it is one', async () => {
    const body = new ReadableStream<Uint8Array>();
    const answer = await toProxyResponse(new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } }));
    expect(answer.body).toBe(body);
  });
});
