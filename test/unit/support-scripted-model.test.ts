/** The scripted model as the official client sees it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import { expectValid } from '../support/contract-schema.ts';
import { calls, contentFilter, cut, drop, hang, hold, httpError, length, refusal, ScriptedModel, silent, streamError, text, tokens } from '../support/scripted-model.ts';

let model: ScriptedModel;
let client: OpenAI;
beforeEach(async () => {
  model = await ScriptedModel.start();
  client = new OpenAI({ baseURL: model.baseUrl, apiKey: 'sk-upstream', maxRetries: 0 });
});
afterEach(() => model.close());

const asked = (content: string, more: Partial<ChatCompletionCreateParamsStreaming> = {}): ChatCompletionCreateParamsStreaming => ({
  model: 'gpt-4o',
  messages: [{ role: 'user', content }],
  stream: true,
  stream_options: { include_usage: true },
  ...more,
});
const open = (content = 'Hi', options?: { signal: AbortSignal }) => client.chat.completions.create(asked(content), options);

async function ask(content = 'Hi', more: Partial<ChatCompletionCreateParamsStreaming> = {}): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = [];
  for await (const chunk of await client.chat.completions.create(asked(content, more))) chunks.push(chunk);
  return chunks;
}
const said = (chunks: ChatCompletionChunk[]): string => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
const finished = (chunks: ChatCompletionChunk[]) => chunks.map(({ choices }) => choices[0]?.finish_reason).find((reason) => reason != null);

describe('what it says', () => {
  test('text comes as OpenAI sends it: role, pieces, finish, usage', async () => {
    model.script(text('Hello wide world', { usage: { prompt: 7, completion: 3, cached: 2 } }));
    const chunks = await ask();
    expect(chunks.map(({ choices }) => choices[0]?.delta ?? null)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { content: 'Hello' },
      { content: ' wide' },
      { content: ' world' },
      {},
      null,
    ]);
    expect(finished(chunks)).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10, prompt_tokens_details: { cached_tokens: 2 } } });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    for (const chunk of chunks) expectValid('CreateChatCompletionStreamResponse', chunk);
    await model.verify();
  });

  test('pieces are the ones asked for', async () => {
    model.script(text('abcd', { pieces: ['abc', 'd'] }));
    expect(said((await ask()).slice(1, 2))).toBe('abc');
    expect(() => text('abcd', { pieces: ['ab'] })).toThrow('do not add up');
  });

  test('usage is told only when asked for and known', async () => {
    model.script(text('a'), text('a').withoutUsage());
    const without = [await ask('Hi', { stream_options: null }), await ask()];
    for (const chunks of without) expect(chunks.every(({ usage }) => usage == null)).toBe(true);
  });

  test('calls stream their arguments, in parallel and after text; each call has its own id', async () => {
    const step = calls([{ name: 'weather', arguments: { city: 'Ravenna', days: 3 } }, { name: 'time', arguments: '{broken', id: 'call_mine' }], { text: 'One moment' });
    model.script(step, calls([{ name: 'weather', arguments: '' }]));
    const first = await client.chat.completions.stream(asked('Hi')).finalChatCompletion();
    expect(first.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: 'One moment' } });
    expect(first.choices[0]?.message.tool_calls).toMatchObject([
      { function: { name: 'weather', arguments: '{"city":"Ravenna","days":3}' } },
      { id: 'call_mine', function: { name: 'time', arguments: '{broken' } },
    ]);
    const again = await client.chat.completions.stream(asked('Hi')).finalChatCompletion();
    const ids = [first, again].map(({ choices }) => choices[0]?.message.tool_calls?.[0]?.id);
    expect(ids[0]).toMatch(/^call_\d{24}$/);
    expect(ids[1]).not.toBe(ids[0]);
  });

  test('every way to end', async () => {
    model.script(refusal('I will not'), length('too lo'), length([{ name: 'f', arguments: '{"a' }]), contentFilter('once'), silent());
    const refused = await ask();
    expect(refused.map(({ choices }) => choices[0]?.delta.refusal ?? '').join('')).toBe('I will not');
    const [long, longCall, filtered, nothing] = [await ask(), await ask(), await ask(), await ask()];
    expect([refused, long, longCall, filtered, nothing].map(finished)).toEqual(['stop', 'length', 'length', 'content_filter', 'stop']);
    expect(nothing).toHaveLength(2);
  });
});

describe('how it fails', () => {
  test('an HTTP error becomes the typed exception, with what to wait', async () => {
    model.script(httpError(429, { code: 'rate_limit_exceeded', message: 'slow down', retryAfterMs: 1500 }));
    const error = await ask().catch((thrown: unknown) => thrown);
    if (!(error instanceof OpenAI.RateLimitError)) throw new Error(`not the expected exception: ${String(error)}`);
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(error.headers.get('retry-after-ms')).toBe('1500');
    expect(error.headers.get('retry-after')).toBe('2');
  });

  test('a cut comes after all that was said', async () => {
    model.script(cut('Hello wor'));
    let heard = '';
    const reading = async () => {
      for await (const chunk of await open()) heard += chunk.choices[0]?.delta.content ?? '';
    };
    await expect(reading()).rejects.toThrow();
    expect(heard).toBe('Hello wor');
  });

  test('a clean cut looks whole, but has no end', async () => {
    model.script(cut('Hello', { clean: true }));
    const chunks = await ask();
    expect([said(chunks), finished(chunks)]).toEqual(['Hello', undefined]);
  });

  test('an error within the stream and a dropped connection', async () => {
    model.script(streamError('Hel', { message: 'overloaded' }), drop());
    await expect(ask()).rejects.toThrow('overloaded');
    await expect(ask()).rejects.toThrow(OpenAI.APIConnectionError);
  });

  test('a hung answer ends when the client leaves', async () => {
    const hung = [hang('Hel'), hang()];
    model.script(...hung);
    for (const step of hung) {
      const leaving = new AbortController();
      const stream = open('Hi', { signal: leaving.signal });
      await step.reached;
      leaving.abort();
      await stream.catch(() => undefined);
      await step.aborted;
    }
    await model.verify();
  });
});

describe('when it says it', () => {
  test('hold sends its first piece, and the rest once released', async () => {
    const step = hold('Hello world');
    model.script(step);
    let heard = '';
    for await (const { choices } of await open()) {
      heard += choices[0]?.delta.content ?? '';
      if (heard === 'Hello') step.release();
    }
    expect(heard).toBe('Hello world');
  });

  test('a gate holds back the first token, or the status', async () => {
    const gated = text('Hello').gated();
    const failing = httpError(500).gated();
    model.script(gated, failing);
    const iterator = (await open('Hi'))[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ choices: [{ delta: { role: 'assistant' } }] });
    gated.release();
    expect((await iterator.next()).value).toMatchObject({ choices: [{ delta: { content: 'Hello' } }] });
    const failed = ask().catch((error: unknown) => error);
    expect((await failing.reached).body.model).toBe('gpt-4o');
    failing.release();
    expect(await failed).toBeInstanceOf(OpenAI.InternalServerError);
  });
});

describe('what it checks', () => {
  test('unexpected calls and unused steps are told, until reset', async () => {
    await expect(ask('surprise')).rejects.toMatchObject({ status: 400, code: 'unexpected_call' });
    model.script(text('never said'));
    model.scriptFor(() => false, silent());
    await expect(model.verify()).rejects.toThrow(/3 problem[^]*surprise[^]*text\("never said"\)[^]*silent\(\)/);
    model.reset();
    await model.verify();
    expect(model.requests).toEqual([]);
  });

  test('requests are recorded, and assertions on them come out of verify', async () => {
    model.script(text('a').forRequest((body) => expect(body.temperature).toBe(0.5)));
    await ask();
    expect(model.requests).toMatchObject([{ headers: { authorization: 'Bearer sk-upstream' }, body: { messages: [{ content: 'Hi' }] } }]);
    await expect(model.verify()).rejects.toThrow('the request for text("a")');
  });

  test('scripts by key answer their own calls alone, in any order', async () => {
    const about = (word: string) => (body: ChatCompletionCreateParamsStreaming) => JSON.stringify(body.messages).includes(word);
    model.scriptFor(about('red'), text('apple'), text('cherry'));
    model.scriptFor(about('blue'), text('plum'));
    model.script(text('anything'));
    expect((await Promise.all(['blue', 'red', 'green'].map((word) => ask(word)))).map(said)).toEqual(['plum', 'apple', 'anything']);
    expect(said(await ask('red'))).toBe('cherry');
    await model.verify();
    model.script(text('not for blue'));
    await expect(ask('blue')).rejects.toMatchObject({ code: 'unexpected_call' });
  });

  test('always answers what nothing else answers', async () => {
    model.always(tokens(3));
    model.script(text('once'));
    expect([said(await ask()), said(await ask()), said(await ask())]).toEqual(['once', 'token token token', 'token token token']);
    await model.verify();
  });

  test('what the real API refuses is refused', async () => {
    const call = { id: 'call_1', type: 'function' as const, function: { name: 'f', arguments: '{}' } };
    const user = { role: 'user' as const, content: 'Hi' };
    const wrong: Partial<ChatCompletionCreateParamsStreaming>[] = [
      { messages: [] },
      { messages: [user, { role: 'assistant', tool_calls: [call] }, user] },
      { messages: [user, { role: 'assistant', tool_calls: [call] }] },
      { messages: [user, { role: 'tool', tool_call_id: 'call_1', content: 'x' }] },
      { messages: [user, { role: 'assistant' }] },
      { tool_choice: 'auto' },
      { parallel_tool_calls: true },
      { tools: [] },
      { tools: [{ type: 'function', function: { name: 'not a name' } }] },
      { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: { type: 'function', function: { name: 'g' } } },
      { response_format: { type: 'json_object' } },
    ];
    for (const more of wrong) await expect(ask('Hi', more)).rejects.toMatchObject({ status: 400, code: 'refused_request' });
    await expect(model.verify()).rejects.toThrow(`${wrong.length} problem`);
    model.reset();
    model.script(text('fine'));
    await ask('Hi', { messages: [user, { role: 'assistant', tool_calls: [call] }, { role: 'tool', tool_call_id: 'call_1', content: 'x' }, user] });
    await model.verify();
  });

  test('models are listed; any other path is unexpected', async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toContain('gpt-4o');
    await expect(client.moderations.create({ model: 'e', input: 'x' })).rejects.toMatchObject({ code: 'unexpected_call' });
    await expect(model.verify()).rejects.toThrow('POST /v1/moderations');
  });
});
