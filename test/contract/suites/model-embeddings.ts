import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Model, ModelError } from '../../../shared/ports/model.ts';
import { drop, hang, httpError, ScriptedModel, vectors } from '../../support/scripted-model.ts';
import { vectorOf } from '../../support/scripted-vectors.ts';
import { type MakeModel, never, RudeServer } from './model-reading.ts';
import { failureOf } from './stage.ts';

/** For providers that have embeddings. */
export function describeEmbeddings(name: string, makeModel: MakeModel): void {
  describe(`${name}: embeddings`, () => {
    let upstream: ScriptedModel;
    let model: Model;
    const MODEL = 'text-embedding-3-large';
    beforeEach(async () => {
      upstream = await ScriptedModel.start();
      model = makeModel({ baseUrl: upstream.baseUrl, apiKey: 'sk-upstream', aliases: new Map([['text-embedding-ada-002', 'text-embedding-3-small']]) });
    });
    afterEach(() => upstream.close());
    const embed = (texts: readonly string[], more: { model?: string; dimensions?: number } = {}, signal = never(), ask = model) => {
      if (!ask.embed) throw new Error('this model has no embeddings');
      return ask.embed({ model: MODEL, texts, ...more }, signal);
    };
    const kindOf = async (asked: Promise<unknown>) => {
      const error = await failureOf(asked);
      if (!(error instanceof ModelError)) throw new Error('not a ModelError', { cause: error });
      return [error.kind, error.retryAfterMs];
    };

    it('gives each text its vector, of the length that is asked for', async () => {
      const texts = ['one', 'two\n🧵', 'three'];
      expect(await embed(texts, { dimensions: 8 })).toEqual(texts.map((text) => vectorOf(text, 8)));
      expect((await embed(['one']))[0]).toHaveLength(3072);
      expect(upstream.embeddings.requests.map(({ body }) => body)).toEqual([
        { model: MODEL, input: texts, encoding_format: 'float', dimensions: 8 },
        { model: MODEL, input: ['one'], encoding_format: 'float' },
      ]);
      expect(upstream.embeddings.requests[0]?.headers.authorization).toBe('Bearer sk-upstream');
      await upstream.verify();
    });

    it('asks under the name that serves an old one today, and nothing for nothing', async () => {
      await embed(['x'], { model: 'text-embedding-ada-002' });
      expect(upstream.embeddings.requests.map(({ body }) => body.model)).toEqual(['text-embedding-3-small']);
      expect(await embed([])).toEqual([]);
      expect(upstream.embeddings.count).toBe(1);
    });

    it('puts vectors in the order of the texts, and reads those that come as bytes', async () => {
      upstream.embeddings.script(
        vectors((data) => data.toReversed()),
        vectors((data) => data.map((each) => ({ ...each, embedding: Buffer.from(Float32Array.from(each.embedding).buffer).toString('base64') }))),
        vectors((data) => data.map(({ embedding }) => ({ object: 'embedding', embedding }))),
      );
      for (let n = 0; n < 3; n++) expect(await embed(['a', 'b'], { dimensions: 4 })).toEqual([vectorOf('a', 4), vectorOf('b', 4)]);
    });

    it.each([
      ['too few', vectors((data) => data.slice(1))],
      ['too many', vectors((data) => [...data, ...data])],
      ['two for one text', vectors((data) => data.map((each) => ({ ...each, index: 0 })))],
      ['of several lengths', vectors((data) => data.map((each, at) => ({ ...each, embedding: each.embedding.slice(at) })))],
      ['empty', vectors((data) => data.map((each) => ({ ...each, embedding: [] })))],
      ['not of numbers', vectors((data) => data.map((each) => ({ ...each, embedding: ['x', null] })))],
      ['not there', vectors((data) => data.map(({ object, index }) => ({ object, index })))],
    ])('takes no answer whose vectors are %s', async (_, step) => {
      upstream.embeddings.script(step);
      expect(await kindOf(embed(['a', 'b'], { dimensions: 4 }))).toEqual(['unavailable', undefined]);
    });

    it('tells why it failed, as a chat does, and tries once', async () => {
      upstream.embeddings.script(httpError(429, { retryAfterMs: 1500 }), httpError(429, { code: 'insufficient_quota' }), httpError(500), httpError(401), drop());
      const kinds: unknown[] = [];
      for (let n = 0; n < 5; n++) kinds.push(await kindOf(embed(['a'])));
      expect(kinds).toEqual([['rate_limited', 1500], ['quota_exceeded', undefined], ['unavailable', undefined], ['unauthorized', undefined], ['unavailable', undefined]]);
      expect(await kindOf(embed(['a'], { model: 'nobody-has-it' }))).toEqual(['rejected', undefined]);
      expect(upstream.embeddings.count).toBe(6);
      await upstream.verify();
    });

    it.each(['', '<h1>hello</h1>', '{}', '{"data": null}', '[]'])('unavailable: 200 with %j', async (body) => {
      await using server = await RudeServer.start((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body));
      expect(await kindOf(embed(['a'], {}, never(), makeModel({ baseUrl: server.baseUrl, apiKey: 'k', aliases: new Map() })))).toEqual(['unavailable', undefined]);
    });

    it('hangs up when it is told, with the reason', async () => {
      const step = hang();
      upstream.embeddings.script(step);
      const abort = new AbortController();
      const reason = new Error('given back');
      const outcome = failureOf(embed(['a'], {}, abort.signal));
      await step.reached;
      abort.abort(reason);
      expect(await outcome).toBe(reason);
      await step.aborted;
      expect(await failureOf(embed(['a'], {}, AbortSignal.abort(reason)))).toBe(reason);
      expect(upstream.embeddings.count).toBe(1);
    });
  });
}
