import { describe, expect, it } from '@jest/globals';
import type { ModelChunk } from '../../../shared/ports/model.ts';
import { collect, finishOf, type MakeModel, never, REQUEST, RudeServer, textOf } from './model-reading.ts';
import { failureOf } from './stage.ts';

const piece = (content: string): string => JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const END = JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const USAGE = JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } });
const events = (...data: string[]): string => data.map((line) => `data: ${line}\n\n`).join('');
const TALE = events(piece('Once '), piece('upon 🧵 '), piece('a time'), END, USAGE, '[DONE]');

/** Every provider writes server-sent events a little otherwise, and the network cuts them where it likes. */
export function describeModelWire(makeModel: MakeModel): void {
  describe('the stream on the wire', () => {
    const streamOf = (baseUrl: string, signal = never()): AsyncIterable<ModelChunk> => makeModel({ baseUrl, apiKey: 'k', aliases: new Map() }).stream(REQUEST, signal);

    const hear = async (body: string | Buffer[], leavesOpen = false): Promise<ModelChunk[]> => {
      await using server = await RudeServer.start((_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        void (async () => {
          for (const packet of typeof body === 'string' ? [body] : body) await new Promise((resolve) => response.write(packet, resolve));
          if (!leavesOpen) response.end();
        })();
      });
      return await collect(streamOf(server.baseUrl));
    };

    const variants: Record<string, string> = {
      'as OpenAI writes it': TALE,
      'with CRLF': TALE.replaceAll('\n', '\r\n'),
      'with CR alone': TALE.replaceAll('\n', '\r'),
      'without a blank after the colon': TALE.replaceAll('data: ', 'data:'),
      'with heartbeats and names': TALE.replaceAll('data: ', ': OPENROUTER PROCESSING\n\nevent: message\nid: 7\nretry: 100\ndata: '),
      'with data on several lines': TALE.replaceAll('"choices"', '\ndata: "choices"'),
      'with a byte order mark': `\ufeff${TALE}`,
      'without its last line end': TALE.trimEnd(),
      'without [DONE]': TALE.replace('data: [DONE]\n\n', ''),
      'with more behind its end': `${TALE}${events(piece('ghost'), 'not JSON')}`,
    };
    it.each(Object.keys(variants))('reads it %s', async (variant) => {
      const chunks = await hear(variants[variant] ?? '');
      expect([textOf(...chunks), finishOf(chunks)]).toEqual(['Once upon 🧵 a time', 'stop']);
      expect(chunks.at(-1)?.usage?.total_tokens).toBe(3);
    });

    it('reads it byte by byte', async () => {
      const bytes = [...Buffer.from(TALE)].map((byte) => Buffer.from([byte]));
      expect(textOf(...(await hear(bytes)))).toBe('Once upon 🧵 a time');
    });

    it('ends with [DONE], also when the server does not hang up', async () => {
      expect(textOf(...(await hear(TALE, true)))).toBe('Once upon 🧵 a time');
    });

    it('bears chunks that leave out what they should have', async () => {
      const chunks = await hear(events('{}', '{"choices":null}', '{"choices":[{"index":0}]}', '{"choices":[{"delta":null}]}', piece('still '), '{"choices":[{"delta":{"content":null}}],"usage":null}', piece('here'), END, '[DONE]'));
      expect([textOf(...chunks), finishOf(chunks)]).toEqual(['still here', 'stop']);
    });

    it.each([
      ['a broken piece of JSON', `${events(piece('Once '))}data: {"choices":[{"del`],
      ['a word that is no JSON', `${events(piece('Once '))}data: oops\n\n`],
      ['nothing that is JSON', events('null')],
    ])('takes %s for a stream cut off', async (_, body) => {
      expect(await failureOf(hear(body))).toMatchObject({ name: 'ModelError', kind: 'unavailable' });
    });

    it('ends at an abort, also when the rest has arrived already', async () => {
      await using server = await RudeServer.start((_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(TALE));
      const abort = new AbortController();
      const reason = new Error('enough');
      let heard = '';
      const reading = (async () => {
        for await (const chunk of streamOf(server.baseUrl, abort.signal)) {
          heard += textOf(chunk);
          if (heard === 'Once ') abort.abort(reason);
        }
      })();
      expect(await failureOf(reading)).toBe(reason);
      expect(heard).toBe('Once ');
    });
  });
}
