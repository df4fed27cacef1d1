import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { untilAdmitted } from '../../shared/http/admission.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import type { Model, ModelRequest } from '../../shared/ports/model.ts';
import { bareWorld } from './bare-world.ts';

const request: ModelRequest = { model: 'm', messages: [] };
const { signal } = new AbortController();

describe('a model whose caller is still to be admitted', () => {
  const makeStage = () => {
    let asked = 0;
    const model: Model = {
      async *stream() {
        asked++;
        yield { choices: [] };
      },
      list: () => Promise.reject(new Error('not asked')),
    };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const world = untilAdmitted(bareWorld({ model }), promise);
    return { world, asked: () => asked, admit: resolve, refuse: reject };
  };

  it('is asked when that has happened', async () => {
    const { world, asked, admit } = makeStage();
    const reading = Array.fromAsync(world.model.stream(request, signal));
    await turn();
    expect(asked()).toBe(0);
    admit();
    expect(await reading).toEqual([{ choices: [] }]);
    expect(await Array.fromAsync(world.model.stream(request, signal))).toEqual([{ choices: [] }]);
  });

  it('is never asked when that is refused', async () => {
    const { world, asked, refuse } = makeStage();
    const reading = Array.fromAsync(world.model.stream(request, signal));
    refuse(new Error('refused'));
    await expect(reading).rejects.toThrow('refused');
    expect(asked()).toBe(0);
  });
});

describe('a request to the outside whose caller is still to be admitted', () => {
  const outside = () => {
    const sent: string[] = [];
    const outbound = {
      check: () => undefined,
      async post({ url }: { url: string }) {
        sent.push(url);
        return { status: 200, body: new Uint8Array(), isCut: false };
      },
    };
    return { sent, outbound };
  };
  const post = { url: 'https://example.com/', headers: {}, body: '', timeoutMs: 1000, mostBytes: 1 };

  it('leaves when that has happened', async () => {
    const { sent, outbound } = outside();
    const { promise, resolve } = Promise.withResolvers<void>();
    const posting = untilAdmitted(bareWorld({ outbound }), promise).outbound.post(post);
    await turn();
    expect(sent).toEqual([]);
    resolve();
    await posting;
    expect(sent).toEqual([post.url]);
  });

  it('never leaves when that is refused', async () => {
    const { sent, outbound } = outside();
    const posting = untilAdmitted(bareWorld({ outbound }), Promise.reject(new Error('refused'))).outbound.post(post);
    await expect(posting).rejects.toThrow('refused');
    expect(sent).toEqual([]);
  });
});

describe('a function that a caller who is still to be admitted calls', () => {
  const request = { arn: 'arn', payload: '{}', timeoutMs: 1000, signal };
  const makeStage = () => {
    const invoked: string[] = [];
    const functions = { mayInvoke: (arn: string) => arn === 'arn', invoke: async ({ arn }: { arn: string }) => (invoked.push(arn), { body: new Uint8Array(), failed: false }) };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    return { invoked, functions: untilAdmitted(bareWorld({ functions }), promise).functions, admit: resolve, refuse: reject };
  };

  it('is called when that has happened', async () => {
    const { invoked, functions, admit } = makeStage();
    const calling = functions?.invoke(request);
    await turn();
    expect([functions?.mayInvoke('arn'), functions?.mayInvoke('other'), invoked]).toEqual([true, false, []]);
    admit();
    await calling;
    expect(invoked).toEqual(['arn']);
  });

  it('is never called when that is refused', async () => {
    const { invoked, functions, refuse } = makeStage();
    const calling = functions?.invoke(request);
    refuse(new Error('refused'));
    await expect(calling).rejects.toThrow('refused');
    expect(invoked).toEqual([]);
  });

  it('is not there where there are none', () => {
    expect(untilAdmitted(bareWorld(), Promise.resolve()).functions).toBeUndefined();
  });
});

describe('files of a caller who is still to be admitted', () => {
  type Act = (blobs: Blobs) => Promise<unknown>;
  const writes: [string, Act][] = [
    ['begin', (blobs) => blobs.begin('k', 'text/plain')],
    ['putPart', (blobs) => blobs.putPart('k', 'u', 1, new Uint8Array())],
    ['complete', (blobs) => blobs.complete('k', 'u', [])],
    ['abort', (blobs) => blobs.abort('k', 'u')],
    ['put', (blobs) => blobs.put('k', new Uint8Array(), 'text/plain')],
    ['remove', (blobs) => blobs.remove(['k'])],
  ];
  const makeStage = () => {
    const done: string[] = [];
    const note = (name: string) => (): Promise<never> => {
      done.push(name);
      return Promise.resolve(undefined as never);
    };
    const blobs: Blobs = { begin: note('begin'), putPart: note('putPart'), complete: note('complete'), abort: note('abort'), put: note('put'), remove: note('remove'), read: note('read'), link: note('link') };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    return { blobs: untilAdmitted(bareWorld({ blobs }), promise).blobs, done, admit: resolve, refuse: reject };
  };

  it.each(writes)('are changed by %s when that has happened', async (name, act) => {
    const { blobs, done, admit } = makeStage();
    const acting = act(blobs);
    await turn();
    expect(done).toEqual([]);
    admit();
    await acting;
    expect(done).toEqual([name]);
  });

  it.each(writes)('are never changed by %s when that is refused', async (_name, act) => {
    const { blobs, done, refuse } = makeStage();
    const acting = act(blobs);
    refuse(new Error('refused'));
    await expect(acting).rejects.toThrow('refused');
    expect(done).toEqual([]);
  });

  it('are read at once', async () => {
    const { blobs, done } = makeStage();
    await blobs.read('k');
    await blobs.link('k', 1, 'k');
    expect(done).toEqual(['read', 'link']);
  });
});
