/** What every model adapter must do over real HTTP: pass on each piece at once, hang up when told, and say why a call failed. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Model, ModelRequest } from '../../../shared/ports/model.ts';
import { calls, contentFilter, hang, hold, length, refusal, ScriptedModel, text } from '../../support/scripted-model.ts';
import { describeModelErrors } from './model-errors.ts';
import { collect, deltasOf, finishOf, type MakeModel, never, REQUEST, textOf } from './model-reading.ts';
import { describeModelWire } from './model-wire.ts';
import { failureOf } from './stage.ts';

export function describeModel(name: string, makeModel: MakeModel): void {
  describe(`${name}: model`, () => {
    let upstream: ScriptedModel;
    let model: Model;
    beforeEach(async () => {
      upstream = await ScriptedModel.start({ models: ['gpt-4o', 'served-today'] });
      model = makeModel({ baseUrl: upstream.baseUrl, apiKey: 'sk-upstream', aliases: new Map([['gpt-4-turbo', 'served-today'], ['gpt-4o', 'gpt-4o']]) });
    });
    afterEach(() => upstream.close());

    it('sends what it is given, streamed and with usage, under its key', async () => {
      const request: ModelRequest = { ...REQUEST, temperature: 0.2, max_completion_tokens: 7, tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }], tool_choice: 'required' };
      upstream.script(text('ok'));
      await collect(model.stream(request, never()));
      expect(upstream.requests.map(({ body }) => body)).toEqual([{ ...request, stream: true, stream_options: { include_usage: true } }]);
      expect(upstream.requests[0]?.headers.authorization).toBe('Bearer sk-upstream');
    });

    it('passes a text on piece by piece, its end and its usage', async () => {
      upstream.script(text('Hello wide world', { pieces: ['Hello', ' wide', ' world'], usage: { prompt: 9, completion: 3, cached: 4, reasoning: 1 } }));
      const chunks = await collect(model.stream(REQUEST, never()));
      expect(deltasOf(chunks).flatMap((delta) => delta.content || [])).toEqual(['Hello', ' wide', ' world']);
      expect(finishOf(chunks)).toBe('stop');
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 1 } } });
    });

    it('passes every character on, also those cut between two packets', async () => {
      const value = '🧵 ‱ \u0000 "\\" \u2028 \ud83d '.repeat(200);
      upstream.script(text(value));
      expect(textOf(...(await collect(model.stream(REQUEST, never()))))).toBe(value);
    });

    it('passes parallel calls on, each under its index', async () => {
      upstream.script(calls([{ name: 'a', arguments: '{"x": 1', id: 'call_a' }, { name: 'b', arguments: '', id: 'call_b' }], { text: 'Let me see' }));
      const chunks = await collect(model.stream(REQUEST, never()));
      const said = new Map<number, string>();
      for (const call of deltasOf(chunks).flatMap((delta) => delta.tool_calls ?? [])) {
        said.set(call.index, (said.get(call.index) ?? '') + [call.id ?? '', call.function?.name ?? '', call.function?.arguments ?? ''].join(''));
      }
      expect([...said]).toEqual([[0, 'call_aa{"x": 1'], [1, 'call_bb']]);
      expect([textOf(...chunks), finishOf(chunks)]).toEqual(['Let me see', 'tool_calls']);
    });

    it('passes refusals and early ends on', async () => {
      upstream.script(refusal('I will not'), length('as far as it'), contentFilter('as far as'));
      const refused = await collect(model.stream(REQUEST, never()));
      expect(deltasOf(refused).map((delta) => delta.refusal ?? '').join('')).toBe('I will not');
      expect(finishOf(await collect(model.stream(REQUEST, never())))).toBe('length');
      expect(finishOf(await collect(model.stream(REQUEST, never())))).toBe('content_filter');
    });

    it('passes each piece on before the next one is there', async () => {
      const held = hold('first rest');
      upstream.script(held);
      const seen: string[] = [];
      for await (const chunk of model.stream(REQUEST, never())) {
        seen.push(textOf(chunk));
        if (textOf(chunk) === 'first') held.release();
      }
      expect(seen.join('')).toBe('first rest');
    });

    it('keeps many calls at once apart', async () => {
      upstream.scriptFor((body) => body.model === 'gpt-4o', ...Array.from({ length: 30 }, (_, n) => text(`answer ${n} ${'x '.repeat(n)}`).forRequest((body) => expect(body.user).toBeDefined())));
      const texts = await Promise.all(Array.from({ length: 30 }, async (_, n) => textOf(...(await collect(model.stream({ ...REQUEST, user: `user ${n}` }, never()))))));
      expect(texts.toSorted()).toEqual(Array.from({ length: 30 }, (_, n) => `answer ${n} ${'x '.repeat(n)}`).toSorted());
      await upstream.verify();
    });

    it('asks under the name that serves an old one today', async () => {
      upstream.always(text('ok'));
      for (const asked of ['gpt-4-turbo', 'gpt-4o', 'another', 'served-today']) await collect(model.stream({ ...REQUEST, model: asked }, never()));
      expect(upstream.requests.map(({ body }) => body.model)).toEqual(['served-today', 'gpt-4o', 'another', 'served-today']);
    });

    it('lists what the upstream has, and the old names, each once', async () => {
      const models = await model.list();
      expect(models.map(({ id }) => id)).toEqual(['gpt-4o', 'served-today', 'gpt-4-turbo']);
      expect(models.every(({ created, ownedBy }) => Number.isInteger(created) && ownedBy !== '')).toBe(true);
    });

    describe('aborting', () => {
      const reason = new Error('cancelled by test');

      it('before the call makes none', async () => {
        expect(await failureOf(collect(model.stream(REQUEST, AbortSignal.abort(reason))))).toBe(reason);
        expect(upstream.requests).toEqual([]);
      });

      it.each([['before the first byte', hang()], ['in the middle of an answer', hang('Once upon a')]])('%s hangs up on the upstream', async (_, step) => {
        const abort = new AbortController();
        upstream.script(step);
        const outcome = failureOf(collect(model.stream(REQUEST, abort.signal)));
        await step.reached;
        abort.abort(reason);
        expect(await outcome).toBe(reason);
        await step.aborted;
      });

      it('between two pieces ends the reading at once', async () => {
        const step = hold('first rest');
        upstream.script(step);
        const abort = new AbortController();
        let pieces = '';
        const outcome = failureOf(
          (async () => {
            for await (const chunk of model.stream(REQUEST, abort.signal)) {
              pieces += textOf(chunk);
              if (pieces === 'first') abort.abort(reason);
            }
          })(),
        );
        expect(await outcome).toBe(reason);
        expect(pieces).toBe('first');
        await step.aborted;
      });

      it('after the end changes nothing', async () => {
        const abort = new AbortController();
        upstream.script(text('whole'));
        const chunks = await collect(model.stream(REQUEST, abort.signal));
        abort.abort(reason);
        expect(textOf(...chunks)).toBe('whole');
      });

      it('is not needed by a reader who leaves', async () => {
        const step = hang('Once upon a time');
        upstream.script(step);
        for await (const chunk of model.stream(REQUEST, never())) if (textOf(chunk) !== '') break;
        await step.aborted;
      });
    });

    describeModelWire(makeModel);
    describeModelErrors(makeModel);
  });
}
