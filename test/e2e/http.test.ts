/** What no client does by itself, but browsers, proxies and people with curl do. */
import { describe, expect, test } from '@jest/globals';
import { Agent, type IncomingMessage, request } from 'node:http';
import { hold, text } from '../support/scripted-model.ts';
import type { Run, Thread } from './clients/client.ts';
import { openai7 } from './clients/openai-7.ts';
import { LOCAL_KEY, type Stage, eventually, useStage } from './stage.ts';

const NOT_JSON = /^We could not parse the JSON body of your request\. \(HINT: /;

describe('by hand', () => {
  const use = useStage(openai7, { env: { MAX_BODY_BYTES: '2000000' } });

  test('JSON that is none', async () => {
    const stage = use();

    for (const broken of ['{"model": ', '{model: 1}', 'model=gpt-4o', '{}}', '\u0000']) {
      const { status, body } = await stage.http('POST', '/assistants', { text: broken });
      expect([broken, status, body.error.type]).toEqual([broken, 400, 'invalid_request_error']);
      expect(body.error.message).toMatch(NOT_JSON);
    }
  });

  test('a body over the limit, of known length and of unknown', async () => {
    const stage = use();
    const bytes = JSON.stringify({ model: 'gpt-4o', name: 'Large', instructions: 'x'.repeat(2_000_000) });

    const known = await stage.http('POST', '/assistants', { text: bytes });
    const chunked = await fetch(`${stage.server.baseUrl}/assistants`, {
      method: 'POST',
      headers: { authorization: `Bearer ${LOCAL_KEY}` },
      body: new Blob([bytes]).stream(),
      duplex: 'half',
    });

    expect([known.status, known.body.error.type]).toEqual([413, 'invalid_request_error']);
    expect(chunked.status).toBe(413);
    expect((await stage.assistants.list()).data.map(({ name }) => name)).not.toContain('Large');
  });

  test('the wrong method and the wrong place', async () => {
    const stage = use();

    const method = await stage.http('POST', '/models', { body: {} });
    const deleted = await stage.http('DELETE', '/threads/thread_x/runs/run_x');
    const place = await stage.http('POST', '/x', { body: {} });

    expect([method.status, method.body.error.message]).toEqual([405, 'Not allowed to POST on /v1/models. (HINT: Perhaps you meant to use a different HTTP method?)']);
    expect(deleted.status).toBe(405);
    expect([place.status, place.body.error]).toEqual([404, { message: 'Invalid URL (POST /v1/x)', type: 'invalid_request_error', param: null, code: null }]);
  });

  test('no key, and a key in the wrong form', async () => {
    const stage = use();

    for (const authorization of ['', 'Basic c2stbG9jYWw6', 'Bearer', `Token ${LOCAL_KEY}`]) {
      const { status, headers, body } = await stage.http('GET', '/assistants', { headers: { authorization } });
      expect([authorization, status, body.error.code]).toEqual([authorization, 401, null]);
      expect(body.error.message).toMatch(/^You didn't provide an API key\. /);
      expect(headers.get('www-authenticate')).toBe('Bearer realm="OpenAI API"');
    }
    expect((await stage.http('GET', '/assistants', { headers: { authorization: `bearer ${LOCAL_KEY}` } })).status).toBe(200);
  });

  test('health needs no key', async () => {
    const { server } = use();

    const response = await fetch(`${server.origin}/healthz`);

    expect(response.status).toBe(200);
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  });

  test('an empty body, whatever its type is said to be', async () => {
    const stage = use();
    const { assistant_id, thread_id } = await stage.newPair();
    const step = hold('Hello you');
    stage.model.script(step);
    const run = await stage.runs.create(thread_id, { assistant_id });
    await step.reached;

    const thread = await stage.http<Thread>('POST', '/threads', { headers: { 'content-type': 'application/json' } });
    const typed = await stage.http<Run>('POST', `/threads/${thread_id}/runs/${run.id}/cancel`, { text: '', headers: { 'content-type': 'application/json' } });

    expect([thread.status, typed.status, typed.body.status]).toEqual([200, 200, 'cancelling']);
    expect((await stage.runs.poll(run.id, { thread_id })).status).toBe('cancelled');
    expect((await stage.http('POST', '/threads', { text: '{"metadata":{"k":"v"}}', headers: { 'content-type': 'text/plain' } })).status).toBe(200);
  });

  test('an old beta header, or none', async () => {
    const stage = use();

    for (const beta of ['assistants=v1', 'assistants=v2', 'none']) expect((await stage.http('GET', '/assistants', { headers: { 'openai-beta': beta } })).status).toBe(200);
    expect((await stage.http('GET', '/assistants')).status).toBe(200);
  });

  test('include in every way in which clients write it', async () => {
    const stage = use();
    const { assistant_id, thread_id } = await stage.newPair();
    stage.model.script(text('Hello.'));
    const run = await stage.runs.createAndPoll(thread_id, { assistant_id });
    const value = 'step_details.tool_calls[*].file_search.results[*].content';

    for (const query of [`include[]=${value}`, `include=${value}`, `include%5B%5D=${encodeURIComponent(value)}`]) {
      expect((await stage.http('GET', `/threads/${thread_id}/runs/${run.id}/steps?${query}`)).status).toBe(200);
    }
    expect(await stage.http('GET', `/threads/${thread_id}/runs/${run.id}/steps?include[]=everything`)).toMatchObject({ status: 400, body: { error: { code: 'invalid_value' } } });
  });

  test('every answer is numbered', async () => {
    const stage = use();

    const answers = await Promise.all([stage.http('GET', '/assistants'), stage.http('GET', '/assistants/x'), stage.http('GET', '/x'), stage.http('GET', '/models')]);

    const numbers = answers.map(({ headers }) => headers.get('x-request-id'));
    expect(new Set(numbers).size).toBe(4);
    for (const { headers } of answers) {
      expect(headers.get('openai-version')).toBe('2020-10-01');
      expect(headers.get('openai-processing-ms')).toMatch(/^\d+$/);
    }
  });

  test('a stream is told byte for byte', async () => {
    const stage = use();
    const { assistant_id, thread_id } = await stage.newPair();
    stage.model.script(text('Hello', { pieces: ['Hello'] }));

    const response = await stage.check.fetch(`${stage.server.baseUrl}/threads/${thread_id}/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${LOCAL_KEY}` },
      body: JSON.stringify({ assistant_id, stream: true }),
    });
    const told = await response.text();

    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toMatch(/no-cache/);
    expect(told).toMatch(/^event: thread\.run\.created\ndata: \{"id":"run_[^\n]+\}\n\nevent: thread\.run\.queued\n/);
    expect(told.endsWith('event: done\ndata: [DONE]\n\n')).toBe(true);
    expect(told).not.toMatch(/^(id|retry):/m);
  });

  test('one connection serves many requests', async () => {
    const { server } = use();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });

    const ports: (number | undefined)[] = [];
    for (let n = 0; n < 5; n++) ports.push(await portOf(`${server.baseUrl}/assistants`, agent));
    agent.destroy();

    expect(new Set(ports).size).toBe(1);
  });
});

/** The local port over which a request went. */
async function portOf(url: string, agent: Agent): Promise<number | undefined> {
  const answered = Promise.withResolvers<IncomingMessage>();
  request(url, { agent, headers: { authorization: `Bearer ${LOCAL_KEY}` } }, answered.resolve).on('error', answered.reject).end();
  const response = await answered.promise;
  const { localPort } = response.socket;
  await response.resume().toArray();
  return localPort;
}

describe('from a browser', () => {
  const use = useStage(openai7);
  const preflight = (stage: Stage, origin: string) =>
    fetch(`${stage.server.baseUrl}/threads`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type,openai-beta,x-stainless-lang' } });

  test('a page of this machine may call', async () => {
    const stage = use();

    const allowed = await preflight(stage, 'http://localhost:3000');
    const answer = await stage.http('GET', '/assistants', { headers: { origin: 'http://localhost:3000' } });

    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect(allowed.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('x-stainless-lang');
    expect(allowed.headers.get('access-control-allow-methods')).toContain('POST');
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-request-id');
  });

  test('a page from elsewhere may not', async () => {
    const stage = use();

    for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', 'http://127.0.0.1.evil.example']) {
      const refused = await preflight(stage, origin);
      const answer = await stage.http('GET', '/assistants', { headers: { origin } });
      expect([origin, refused.headers.get('access-control-allow-origin'), answer.headers.get('access-control-allow-origin')]).toEqual([origin, null, null]);
    }
  });
});

describe('a stream in silence', () => {
  const use = useStage(openai7, { clocked: true });

  test('shows by a comment that it lives, every fifteen seconds', async () => {
    const stage = use();
    const { assistant_id, thread_id } = await stage.newPair();
    const step = hold('Hello you');
    stage.model.script(step);
    const response = await stage.check.fetch(`${stage.server.baseUrl}/threads/${thread_id}/runs`, { method: 'POST', headers: { authorization: `Bearer ${LOCAL_KEY}` }, body: JSON.stringify({ assistant_id, stream: true }) });
    let told = '';
    const reading = response.body?.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write: (piece) => void (told += piece) }));
    await eventually('the model has begun to speak', () => Promise.resolve(told.includes('thread.message.delta') || undefined));

    await stage.server.pass(50_000);
    step.release();
    await reading;

    expect(told.match(/^: ping\n\n/gm)).toHaveLength(3);
    expect(told.endsWith('event: done\ndata: [DONE]\n\n')).toBe(true);
  });
});
