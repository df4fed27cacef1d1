import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openAiModel } from '../../shared/models/openai.ts';
import type { Model, ModelChunk, ModelErrorKind, ModelRequest } from '../../shared/ports/model.ts';
import { ScriptedModel, type Step, contentFilter, cut, drop, hang, hold, httpError, streamError, text, tokens } from '../support/scripted-model.ts';

// The adapter for OpenAI-compatible endpoints, against one over real HTTP.

let upstream: ScriptedModel;
let model: Model;
beforeAll(async () => {
  upstream = await ScriptedModel.start({ models: ['gpt-4o', 'llama3'] });
  model = openAiModel({ baseUrl: upstream.baseUrl, apiKey: 'sk-upstream', aliases: new Map([['gpt-4', 'llama3'], ['gpt-4o', 'gpt-4o']]) });
});
afterEach(async () => {
  await upstream.verify();
  upstream.reset();
});
afterAll(() => upstream.close());

const never = new AbortController().signal;
const ask = (fields: Partial<ModelRequest> = {}): ModelRequest => ({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }], ...fields });

async function chunksOf(request: ModelRequest, signal = never): Promise<ModelChunk[]> {
  const chunks: ModelChunk[] = [];
  for await (const chunk of model.stream(request, signal)) chunks.push(chunk);
  return chunks;
}
const said = (chunks: ModelChunk[]): string => chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? '').join('');

/** What the model's stream fails with, and what it had said by then. */
async function failureOf(step: Step): Promise<{ error: unknown; said: string }> {
  upstream.script(step);
  const chunks: ModelChunk[] = [];
  try {
    for await (const chunk of model.stream(ask(), never)) chunks.push(chunk);
  } catch (error) {
    return { error, said: said(chunks) };
  }
  throw new Error('it did not fail');
}

describe('a call', () => {
  it('streams what the provider says and asks for its usage', async () => {
    upstream.script(text('Good morning to you', { usage: { prompt: 7, completion: 4, cached: 2, reasoning: 1 } }));
    const chunks = await chunksOf(ask());
    expect(said(chunks)).toBe('Good morning to you');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 2 } } });
    expect(upstream.requests[0]).toMatchObject({ headers: { authorization: 'Bearer sk-upstream' }, body: { model: 'gpt-4o', stream: true, stream_options: { include_usage: true } } });
  });

  it('hands every setting on as it is', async () => {
    const settings = ask({ temperature: 0.2, max_completion_tokens: 50, tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'required', parallel_tool_calls: false, response_format: { type: 'json_object' }, messages: [{ role: 'user', content: 'Answer in JSON.' }] });
    upstream.script(text('{}'));
    await chunksOf(settings);
    expect(upstream.requests[0]?.body).toEqual({ ...settings, stream: true, stream_options: { include_usage: true } });
  });

  it('goes to the model that an alias stands for', async () => {
    upstream.script(text('a'), text('b'));
    await chunksOf(ask({ model: 'gpt-4' }));
    await chunksOf(ask({ model: 'other' }));
    expect(upstream.requests.map(({ body }) => body.model)).toEqual(['llama3', 'other']);
  });

  it('loses nothing of a long answer that comes as fast as it can', async () => {
    upstream.script(tokens(5000));
    expect(said(await chunksOf(ask())).split(' ')).toHaveLength(5000);
  });
});

describe('a failure', () => {
  it.each<[number, Parameters<typeof httpError>[1], ModelErrorKind]>([
    [400, {}, 'rejected'],
    [401, { code: 'invalid_api_key' }, 'unauthorized'],
    [403, {}, 'unauthorized'],
    [404, { code: 'model_not_found' }, 'rejected'],
    [422, {}, 'rejected'],
    [400, { code: 'context_length_exceeded' }, 'context_overflow'],
    [400, { message: `This model's maximum context length is 8192 tokens.` }, 'context_overflow'],
    [400, { message: 'the request exceeds the available context size' }, 'context_overflow'],
    [400, { message: 'prompt is too long: 210000 tokens > 200000 maximum' }, 'context_overflow'],
    [400, { code: 'content_filter' }, 'content_filter'],
    [400, { code: 'content_policy_violation' }, 'content_filter'],
    [429, { code: 'rate_limit_exceeded' }, 'rate_limited'],
    [429, {}, 'rate_limited'],
    [429, { code: 'insufficient_quota' }, 'quota_exceeded'],
    [408, {}, 'unavailable'],
    [409, {}, 'unavailable'],
    [500, {}, 'unavailable'],
    [502, {}, 'unavailable'],
    [503, { message: 'no slot for a context window' }, 'unavailable'],
  ])('%i %j is %s, and the call is made once', async (status, error, kind) => {
    expect((await failureOf(httpError(status, error))).error).toMatchObject({ name: 'ModelError', kind });
    expect(upstream.requests).toHaveLength(1);
  });

  it('carries what the provider asks to wait', async () => {
    expect((await failureOf(httpError(429, { retryAfterMs: 1234 }))).error).toMatchObject({ kind: 'rate_limited', retryAfterMs: 1234 });
    expect((await failureOf(httpError(500))).error).toMatchObject({ retryAfterMs: undefined });
  });

  it('carries the provider’s words', async () => {
    expect((await failureOf(httpError(400, { message: 'You sent nonsense.' }))).error).toMatchObject({ message: expect.stringContaining('You sent nonsense.') });
  });

  it('within the stream comes after what was said', async () => {
    expect(await failureOf(streamError('Well'))).toMatchObject({ said: 'Well', error: { kind: 'unavailable' } });
    expect(await failureOf(streamError('Well', { code: 'rate_limit_exceeded' }))).toMatchObject({ error: { kind: 'rate_limited' } });
  });

  it('of the connection is one that may pass', async () => {
    expect(await failureOf(drop())).toMatchObject({ said: '', error: { name: 'ModelError', kind: 'unavailable' } });
    expect(await failureOf(cut('Half an'))).toMatchObject({ said: 'Half an', error: { name: 'ModelError', kind: 'unavailable' } });
  });

  it('of nobody listening likewise', async () => {
    const nobody = openAiModel({ baseUrl: 'http://127.0.0.1:1/v1', apiKey: 'none', aliases: new Map() });
    await expect(nobody.stream(ask(), never)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: 'ModelError', kind: 'unavailable' });
    await expect(nobody.list()).rejects.toMatchObject({ name: 'ModelError', kind: 'unavailable' });
  });

  it('is none when the body only ends too early: the turn sees that no end was told', async () => {
    upstream.script(cut('Half an', { clean: true }));
    const chunks = await chunksOf(ask());
    expect(said(chunks)).toBe('Half an');
    expect(chunks.some((chunk) => chunk.choices?.[0]?.finish_reason)).toBe(false);
  });

  it('is none when the provider filters: that is how the answer ends', async () => {
    upstream.script(contentFilter('I'));
    expect((await chunksOf(ask())).flatMap(({ choices }) => choices?.[0]?.finish_reason ?? [])).toEqual(['content_filter']);
  });
});

describe('an abort', () => {
  const reason = new Error('cancelled');

  it('before the first word ends the call itself', async () => {
    const step = hang();
    upstream.script(step);
    const abort = new AbortController();
    const next = model.stream(ask(), abort.signal)[Symbol.asyncIterator]().next();
    await step.reached;
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
    await step.aborted;
  });

  it('between two words likewise, and nothing is told after it', async () => {
    const step = hold('One two three');
    upstream.script(step);
    const abort = new AbortController();
    const stream = model.stream(ask(), abort.signal)[Symbol.asyncIterator]();
    let heard = '';
    while (heard === '') heard = said([(await stream.next()).value as ModelChunk]);
    abort.abort(reason);
    await expect(stream.next()).rejects.toBe(reason);
    await step.aborted;
  });

  it('before the call makes no call', async () => {
    await expect(chunksOf(ask(), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(upstream.requests).toEqual([]);
  });
});

it('lists what the provider has and the aliases that it does not know', async () => {
  const models = await model.list();
  expect(models.map(({ id, ownedBy }) => [id, ownedBy])).toEqual([['gpt-4o', 'scripted'], ['llama3', 'scripted'], ['gpt-4', 'threadkeep']]);
});
