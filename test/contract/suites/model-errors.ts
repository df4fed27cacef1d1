import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Model, ModelError, type ModelErrorKind } from '../../../shared/ports/model.ts';
import { cut, drop, type HttpErrorOptions, httpError, ScriptedModel, type Step, streamError } from '../../support/scripted-model.ts';
import { collect, finishOf, type MakeModel, never, REQUEST, RudeServer, textOf } from './model-reading.ts';
import { failureOf } from './stage.ts';

const BAD_REQUESTS: [kind: ModelErrorKind, who: string, error: HttpErrorOptions][] = [
  ['context_overflow', 'OpenAI', { code: 'context_length_exceeded', message: 'Too many tokens.' }],
  ['context_overflow', 'vLLM', { message: `This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.` }],
  ['context_overflow', 'vLLM since 0.16', { message: `You passed 1015 input tokens and requested 10 output tokens. However, the model's context length is only 1024 tokens.` }],
  ['context_overflow', 'llama.cpp', { type: 'exceed_context_size_error', message: 'the request exceeds the available context size, try increasing it' }],
  ['context_overflow', 'Bedrock', { message: 'Input is too long for requested model.' }],
  ['context_overflow', 'Anthropic', { message: 'prompt is too long: 210000 tokens > 200000 maximum' }],
  ['context_overflow', 'a gateway to Anthropic', { message: 'input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000, decrease input length or `max_tokens` and try again' }],
  ['content_filter', 'Azure', { code: 'content_filter', message: 'The response was filtered.' }],
  ['content_filter', 'OpenAI', { code: 'content_policy_violation', message: 'Your request was rejected by our safety system.' }],
  ['rejected', 'a wrong parameter', { code: 'unsupported_value', message: `'temperature' does not support 0.2 with this model.` }],
  ['rejected', 'a wrong parameter that speaks of context', { code: 'invalid_value', message: 'Too long: the context field of your tool.' }],
];

const STATUSES: [kind: ModelErrorKind, status: number, error?: HttpErrorOptions][] = [
  ['unauthorized', 401, { code: 'invalid_api_key' }],
  ['unauthorized', 403],
  ['rejected', 404, { code: 'model_not_found' }],
  ['rejected', 413],
  ['rejected', 422],
  ['rate_limited', 429],
  ['rate_limited', 429, { code: 'rate_limit_exceeded', type: 'tokens' }],
  ['quota_exceeded', 429, { code: 'insufficient_quota' }],
  ['unavailable', 408],
  ['unavailable', 409],
  ['unavailable', 500],
  ['unavailable', 502],
  ['unavailable', 503],
  ['unavailable', 504],
  ['unavailable', 529],
];

export function describeModelErrors(makeModel: MakeModel): void {
  describe('errors', () => {
    let upstream: ScriptedModel;
    let model: Model;
    beforeEach(async () => {
      upstream = await ScriptedModel.start();
      model = makeModel({ baseUrl: upstream.baseUrl, apiKey: 'sk-upstream', aliases: new Map() });
    });
    afterEach(() => upstream.close());

    const errorOf = async (ask: Model = model): Promise<ModelError> => {
      const error = await failureOf(collect(ask.stream(REQUEST, never())));
      if (!(error instanceof ModelError)) throw new Error('not a ModelError', { cause: error });
      return error;
    };

    it.each(STATUSES.map(([kind, status, error = {}]) => ({ kind, status, error })))('$kind: $status $error', async ({ kind, status, error }) => {
      upstream.script(httpError(status, { message: 'What went wrong', ...error }));
      const failure = await errorOf();
      expect({ kind: failure.kind, retryAfterMs: failure.retryAfterMs }).toEqual({ kind, retryAfterMs: undefined });
      expect(failure.message).toContain('What went wrong');
      expect(failure.cause).toBeInstanceOf(Error);
    });

    it.each(BAD_REQUESTS)('%s, as %s says it', async (kind, _, error) => {
      upstream.script(httpError(400, error));
      expect((await errorOf()).kind).toBe(kind);
    });

    it('tries once and leaves all else to the engine', async () => {
      upstream.script(httpError(500), httpError(429, { retryAfterMs: 1 }));
      await errorOf();
      await errorOf();
      expect(upstream.requests).toHaveLength(2);
      await upstream.verify();
    });

    it.each([
      { headers: { 'retry-after-ms': '1500' }, ms: 1500 },
      { headers: { 'retry-after': '20' }, ms: 20_000 },
      { headers: { 'retry-after-ms': '40', 'retry-after': '1' }, ms: 40 },
      { headers: { 'retry-after': 'soon' }, ms: undefined },
      { headers: {}, ms: undefined },
    ])('tells what the provider asks to wait: $headers', async ({ headers, ms }) => {
      await using server = await RudeServer.start((_, response) => response.writeHead(429, { 'content-type': 'application/json', ...headers }).end('{"error":{"message":"slow"}}'));
      const failure = await errorOf(makeModel({ baseUrl: server.baseUrl, apiKey: 'k', aliases: new Map() }));
      expect([failure.kind, failure.retryAfterMs]).toEqual(['rate_limited', ms]);
    });

    it.each<[string, Step, string]>([
      ['no answer at all', drop(), ''],
      ['an answer broken off', cut('Once upon a'), 'Once upon a'],
      ['an error told inside the stream', streamError('Once'), 'Once'],
    ])('unavailable: %s, after what had been said', async (_, step, said) => {
      upstream.script(step);
      let heard = '';
      const failure = await failureOf(
        (async () => {
          for await (const chunk of model.stream(REQUEST, never())) heard += textOf(chunk);
        })(),
      );
      expect(failure).toMatchObject({ name: 'ModelError', kind: 'unavailable' });
      expect(heard).toBe(said);
    });

    // Gateways and LM Studio have sent 200 by the time that they find out.
    it.each<[ModelErrorKind, { code?: string; message?: string }]>([
      ['context_overflow', { code: 'context_length_exceeded' }],
      ['context_overflow', { message: `This model's maximum context length is 4096 tokens.` }],
      ['rate_limited', { code: 'rate_limit_exceeded' }],
      ['quota_exceeded', { code: 'insufficient_quota' }],
      ['content_filter', { code: 'content_filter' }],
    ])('%s, told inside the stream: %j', async (kind, error) => {
      upstream.script(streamError('', error));
      expect((await errorOf()).kind).toBe(kind);
    });

    it('does not take an answer without its end for a whole one', async () => {
      upstream.script(cut('Once upon a', { clean: true }));
      // To fail is allowed too; what is not is a finish reason that nobody gave.
      const ending = await collect(model.stream(REQUEST, never())).then(finishOf, (error: unknown) => (error instanceof ModelError && error.kind === 'unavailable' ? '' : error));
      expect(ending).toBe('');
    });

    it.each<[string, ModelErrorKind, number, string, string]>([
      ['a page of HTML with 502', 'unavailable', 502, 'text/html', '<h1>Bad gateway</h1>'],
      ['an empty body with 500', 'unavailable', 500, 'text/plain', ''],
      ['an empty body with 404', 'rejected', 404, 'text/plain', ''],
      ['a 400 whose error is a mere string', 'rejected', 400, 'application/json', '{"error":"no"}'],
      ['a 400 that is no JSON', 'rejected', 400, 'application/json', '{'],
    ])('takes %s for %s', async (_, kind, status, contentType, body) => {
      await using server = await RudeServer.start((__, response) => response.writeHead(status, { 'content-type': contentType }).end(body));
      expect((await errorOf(makeModel({ baseUrl: server.baseUrl, apiKey: 'k', aliases: new Map() }))).kind).toBe(kind);
    });

    it('unavailable: nobody listens there', async () => {
      const server = await RudeServer.start(() => undefined);
      await server[Symbol.asyncDispose]();
      const nobody = makeModel({ baseUrl: server.baseUrl, apiKey: 'k', aliases: new Map() });
      expect((await errorOf(nobody)).kind).toBe('unavailable');
      expect(await failureOf(nobody.list())).toMatchObject({ name: 'ModelError', kind: 'unavailable' });
    });
  });
}
