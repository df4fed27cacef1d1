/** The checking fetch between the official client and servers that answer rightly and wrongly. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { contractAvailable } from '../support/contract-schema.ts';
import { ScriptedModel } from '../support/scripted-model.ts';
import { type ValidatingFetch, validatingFetch } from '../support/validating-fetch.ts';
import { sampleDelta, sampleMessage, sampleRun, sampleStep, sampleText } from '../support/wire-samples.ts';

const HEADERS = { 'x-request-id': 'req_1', 'openai-version': '2020-10-01', 'openai-processing-ms': '3', 'content-type': 'application/json' };
const STREAM = { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' };
const ENVELOPE = { error: { message: 'No thread found', type: 'invalid_request_error', param: null, code: null } };

/** A client whose server answers everything with one answer. */
function against(body: string | object, init: ResponseInit = {}) {
  const text = typeof body === 'string' || body instanceof ReadableStream ? body : JSON.stringify(body);
  const validating = validatingFetch({ fetch: () => Promise.resolve(new Response(text, { headers: HEADERS, ...init })) });
  return { ...validating, client: new OpenAI({ apiKey: 'sk', baseURL: 'http://server.test/v1', maxRetries: 0, fetch: validating.fetch }) };
}

describe('JSON answers', () => {
  const retrieve = async (body: string | object, init?: ResponseInit): Promise<string> => {
    const { client, problems } = against(body, init);
    await client.beta.threads.runs.retrieve('run_1', { thread_id: 'thread_1' }).catch(() => undefined);
    return problems.join('\n');
  };

  test('good ones pass unchanged', async () => {
    const { client, assertClean } = against(sampleRun('completed'));
    expect(await client.beta.threads.runs.retrieve('run_1', { thread_id: 'thread_1' })).toMatchObject(sampleRun('completed'));
    assertClean();
  });

  test('errors have the envelope and nothing of the inside', async () => {
    const bad = { status: 404 };
    expect(await retrieve(ENVELOPE, bad)).toBe('');
    expect(await retrieve({ message: 'no' }, bad)).toContain('GET /v1/threads/thread_1/runs/run_1 → 404: the error envelope is missing');
    expect(await retrieve({ error: { message: '', type: null, code: 4 } }, bad)).toMatch(/message is no text[^]*type is no text[^]*param is neither[^]*code is neither/);
    expect(await retrieve({ error: { ...ENVELOPE.error, message: 'Error\n    at run (a.ts:1)' } }, bad)).toContain('stack trace');
    expect(await retrieve('Not found', { status: 404, headers: { ...HEADERS, 'content-type': 'text/plain' } })).toMatch(/an error is JSON[^]*no JSON: Not found/);
  });

  test('status and headers are checked on every answer', async () => {
    expect(await retrieve(sampleRun(), { status: 201 })).toContain('success is always 200');
    expect(await retrieve(ENVELOPE, { status: 400, headers: { 'content-type': 'application/json' } })).toMatch(/x-request-id[^]*openai-version[^]*openai-processing-ms/);
    expect(await retrieve(sampleRun(), { headers: { ...HEADERS, 'openai-processing-ms': '1.5' } })).toContain("'1.5', not whole milliseconds");
  });

  test('assertClean throws with all that was found', async () => {
    const { client, assertClean } = against('[', { status: 400 });
    await client.models.list().catch(() => undefined);
    await client.models.list().catch(() => undefined);
    expect(assertClean).toThrow(/^2 answer\(s\) broke the contract:[^]*GET \/v1\/models → 400: the body is no JSON/);
  });

  if (contractAvailable) {
    test('bodies and operations are those of the contract', async () => {
      expect(await retrieve(sampleRun('paused'))).toContain('not a valid RunObject:\n- /status must be equal');
      const { client, problems } = against({});
      await client.get('/nonsense');
      expect(problems).toEqual(['GET /v1/nonsense → 200: the contract has no such operation']);
    });
  }
});

describe('streams', () => {
  const frame = (event: string, data: object): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  const DONE = 'event: done\ndata: [DONE]\n\n';
  const GOOD = [
    frame('thread.run.created', sampleRun()),
    frame('thread.run.queued', sampleRun()),
    frame('thread.run.in_progress', sampleRun('in_progress')),
    frame('thread.run.step.created', sampleStep()),
    frame('thread.run.step.in_progress', sampleStep()),
    ': ping\n\n',
    frame('thread.message.created', sampleMessage()),
    frame('thread.message.in_progress', sampleMessage()),
    frame('thread.message.delta', sampleDelta(sampleText('Hello', []))),
    frame('thread.message.delta', sampleDelta(sampleText(' world'))),
    frame('thread.message.completed', sampleMessage('completed', 'Hello world')),
    frame('thread.run.step.completed', sampleStep('completed')),
    frame('thread.run.completed', sampleRun('completed')),
    DONE,
  ];
  const streamed = async (frames: string[], init: ResponseInit = { headers: STREAM }) => {
    const { client, problems } = against(frames.join(''), init);
    const stream = client.beta.threads.runs.stream('thread_1', { assistant_id: 'asst_1' });
    const ended = await stream.finalMessages().catch((error: unknown) => error);
    return { ended, problems: problems.join('\n') };
  };

  test('a good one passes unchanged', async () => {
    const { ended, problems } = await streamed(GOOD);
    expect(problems).toBe('');
    expect(ended).toMatchObject([{ content: [{ text: { value: 'Hello world' } }] }]);
  });

  test.each([
    ['frames', GOOD.with(5, 'id: 7\n\n'), 'not exactly one event line'],
    ['order', GOOD.toSpliced(1, 1), "thread.run.in_progress: must not follow 'created'"],
    ['sums', GOOD.toSpliced(9, 1), 'the deltas add up to'],
    ['the end', GOOD.slice(0, -1), 'ends without `event: done`'],
    ['an end too early', [...GOOD.slice(0, 9)], 'ends without a terminal run event'],
  ])('%s are checked', async (_name, frames, problem) => {
    expect((await streamed(frames)).problems).toContain(problem);
  });

  test('so are its headers and its place', async () => {
    expect((await streamed(GOOD, { headers: { ...STREAM, 'content-type': 'text/event-stream', 'content-length': '9' } })).problems).toMatch(/no content-length[^]*content-type is 'text\/event-stream'/);
    const { client, problems } = against(DONE, { headers: STREAM });
    await client.beta.threads.runs.retrieve('run_1', { thread_id: 'thread_1' }).catch(() => undefined);
    expect(problems.join()).toContain('the contract has no stream here');
  });

  test('a client that leaves is no problem, and the server learns of it', async () => {
    const left = Promise.withResolvers<void>();
    const begun = GOOD.slice(0, 3).map((text) => new TextEncoder().encode(text));
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(begun.shift() ?? new TextEncoder().encode(': ping\n\n')), cancel: () => left.resolve() });
    const { client, problems } = against(body, { headers: STREAM });
    for await (const { event } of await client.beta.threads.runs.create('thread_1', { assistant_id: 'asst_1', stream: true })) if (event === 'thread.run.in_progress') break;
    await left.promise;
    expect(problems).toEqual([]);
  });

  if (contractAvailable) {
    test('so is every payload', async () => {
      const frames = GOOD.with(2, frame('thread.run.in_progress', { ...sampleRun('in_progress'), model: 4 }));
      expect((await streamed(frames)).problems).toBe('POST /v1/threads/thread_1/runs → 200: thread.run.in_progress: not a valid RunObject:\n- /model must be string, got 4');
    });
  }
});

describe('over a real connection', () => {
  let server: ScriptedModel;
  let validating: ValidatingFetch;
  let client: OpenAI;
  beforeEach(async () => {
    server = await ScriptedModel.start();
    validating = validatingFetch();
    client = new OpenAI({ baseURL: server.baseUrl, apiKey: 'sk', maxRetries: 0, fetch: validating.fetch });
  });
  afterEach(() => server.close());

  test('the official client reads through it', async () => {
    expect((await client.models.list()).data.length).toBeGreaterThan(0);
    await expect(client.post('/threads')).rejects.toMatchObject({ code: 'unexpected_call' });
    validating.assertClean();
  });
});
