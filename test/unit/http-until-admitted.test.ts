import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { untilAdmitted } from '../../shared/http/admission.ts';
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
