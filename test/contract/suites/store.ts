/** What every store must do: what one reads is what was committed, from its own place alone, and never what is past its time. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { update } from '../../../shared/ports/commit.ts';
import { type Key, keyOf, keys } from '../../../shared/ports/store.ts';
import { aMessage, aRun, aStep, aThread, anAssistant, anIdempotencyRecord, PROJECT, text } from '../../support/records.ts';
import { KINDS, SAMPLES } from '../samples.ts';
import { type MakeWorld, type Stage, useStage } from './stage.ts';
import { describePages } from './store-pages.ts';
import { describeWalks } from './store-walks.ts';
import { describeFilters } from './store-filters.ts';

export function describeStore(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: store`, () => {
    const stage = useStage(makeWorld);
    describe('get', () => {
      describeRoundTrips(stage);
      describeIsolation(stage);
    });
    describe('content', () => describeContent(stage));
    describe('records past their time', () => describeExpiry(stage));
    describe('pages', () => describePages(stage));
    describe('walks', () => describeWalks(stage));
    describe('filters', () => describeFilters(stage));
  });
}

function describeRoundTrips(stage: Stage): void {
  it.each(KINDS)('gives every sort of %s back as it was', async (kind) => {
    for (const record of SAMPLES[kind]) {
      await stage.put(kind, record);
      expect(await stage.world.store.get(keyOf(kind, record))).toStrictEqual(record);
    }
  });

  it('finds nothing where nothing was put', async () => {
    const missing: Key[] = [
      keys.assistant(PROJECT, 'asst_1'),
      keys.message(PROJECT, 'thread_1', 'msg_1'),
      keys.step(PROJECT, 'thread_1', 'run_1', 'step_1'),
      keys.apiKey('0'.repeat(64)),
    ];
    for (const key of missing) expect(await stage.world.store.get(key)).toBeUndefined();
  });

  it('finds nothing under ids that nobody makes', async () => {
    await stage.put('thread', aThread());
    for (const id of ['', 'x'.repeat(5000), `' OR 1=1 --`, '%', '\u0000', '\ud800', '💥/../#']) {
      expect(await stage.world.store.get(keys.thread(PROJECT, id))).toBeUndefined();
      expect(await stage.world.store.get(keys.message(PROJECT, id, 'msg_1'))).toBeUndefined();
    }
  });

  it('gives each reader a copy of its own', async () => {
    const thread = aThread({ metadata: { colour: 'red' } });
    await stage.put('thread', thread);
    const first = await stage.world.store.get(keyOf('thread', thread));
    if (first) first.metadata['colour'] = 'blue';
    expect(await stage.world.store.get(keyOf('thread', thread))).toStrictEqual(thread);
  });

  it('shows the newest revision as soon as its commit has resolved', async () => {
    let thread = aThread();
    await stage.put('thread', thread);
    for (let n = 1; n <= 20; n++) {
      const write = update('thread', thread, { ...thread, metadata: { n: String(n) } });
      await stage.world.commit({ name: 'count', writes: [write] });
      thread = write.record;
      expect(await stage.world.store.get(keyOf('thread', thread))).toStrictEqual(thread);
    }
  });

  it('still has everything after a restart', async () => {
    const [thread, message] = [aThread(), aMessage()];
    await stage.put('thread', thread);
    await stage.put('message', message);
    await stage.reopen();
    expect(await stage.world.store.get(keyOf('thread', thread))).toStrictEqual(thread);
    expect(await stage.world.store.get(keyOf('message', message))).toStrictEqual(message);
  });
}

function describeIsolation(stage: Stage): void {
  it('finds a record in its own project, thread and run alone', async () => {
    const step = aStep('completed', { threadId: 'thread_1', runId: 'run_1' });
    await stage.put('step', step);
    const elsewhere = [
      keys.step('proj_other', 'thread_1', 'run_1', step.id),
      keys.step(PROJECT, 'thread_2', 'run_1', step.id),
      keys.step(PROJECT, 'thread_1', 'run_2', step.id),
      keys.step('', 'thread_1', 'run_1', step.id),
    ];
    for (const key of elsewhere) expect(await stage.world.store.get(key)).toBeUndefined();
    expect(await stage.world.store.get(keys.step(PROJECT, 'thread_1', 'run_1', step.id))).toStrictEqual(step);
  });

  it('keeps kinds apart, also under one id', async () => {
    const [message, run] = [aMessage({ id: 'same' }), aRun('queued', { id: 'same' })];
    await stage.put('message', message);
    await stage.put('run', run);
    expect(await stage.world.store.get(keyOf('message', message))).toStrictEqual(message);
    expect(await stage.world.store.get(keyOf('run', run))).toStrictEqual(run);
  });

  it.each([
    { mine: ['a/b', 'c'], other: ['a', 'b/c'] },
    { mine: ['a#b', 'c'], other: ['a', 'b#c'] },
    { mine: ['a|b', 'c'], other: ['a', 'b|c'] },
    { mine: ['a","b', 'c'], other: ['a', 'b","c'] },
    { mine: ['a\\', '/b'], other: ['a', '\\/b'] },
    { mine: ['a%2Fb', 'c'], other: ['a', 'b%2Fc'] },
    { mine: ['a%2Fb', 'c'], other: ['a/b', 'c'] },
    { mine: ['a', ''], other: ['', 'a'] },
  ])('keeps project and thread $mine apart from $other', async ({ mine: [projectId = '', threadId = ''], other: [otherProjectId = '', otherThreadId = ''] }) => {
    const message = aMessage({ projectId, threadId });
    await stage.put('message', message);
    expect(await stage.world.store.get(keys.message(otherProjectId, otherThreadId, message.id))).toBeUndefined();
    expect(await stage.world.store.page('message', [otherProjectId, otherThreadId], { order: 'asc', limit: 10 })).toEqual({ items: [], hasMore: false });
    expect(await stage.world.store.get(keyOf('message', message))).toStrictEqual(message);
  });

  it('lets two projects use the same ids', async () => {
    const mine = anAssistant({ projectId: 'proj_1', name: 'mine' });
    const theirs = anAssistant({ ...mine, projectId: 'proj_2', name: 'theirs' });
    await stage.put('assistant', mine, theirs);
    expect(await stage.world.store.get(keyOf('assistant', mine))).toStrictEqual(mine);
    expect(await stage.world.store.get(keyOf('assistant', theirs))).toStrictEqual(theirs);
  });
}

const MEGABYTE = 1_048_576;
const CONTENTS: Record<string, string> = {
  'one megabyte of ASCII': 'abcdefgh'.repeat(MEGABYTE / 8),
  'one megabyte of emoji': '🧵'.repeat(MEGABYTE / 4),
  'one megabyte that JSON must escape': '"\\\n\u0001'.repeat(MEGABYTE / 4),
  'all of the lowest characters': Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join(''),
  'NUL at both ends and between': '\u0000a\u0000\u0000b\u0000',
  'lone surrogates': '\ud800 \udfff \ude00\ud83d',
  'what trims and normalises': '\ufeff \r\n\t e\u0301 é ﬃ \u2028\u2029 ',
  'other scripts': 'שלום مرحبا 你好 👩‍👩‍👧‍👦 𝔘𝔫𝔦𝔠𝔬𝔡𝔢',
  'what looks like something else': `'; DROP TABLE message; -- {"type":"text"} null 0x00 1e999`,
};

function describeContent(stage: Stage): void {
  const readBack = async (value: string): Promise<string | undefined> => {
    const message = aMessage({ content: [text(value)] });
    await stage.put('message', message);
    const part = (await stage.world.store.get(keyOf('message', message)))?.content[0];
    return part?.type === 'text' ? part.text.value : undefined;
  };

  // Not toBe: a failure would print two megabytes.
  it.each(Object.keys(CONTENTS))('gives %s back to the byte', async (what) => {
    expect((await readBack(CONTENTS[what] ?? '')) === CONTENTS[what]).toBe(true);
  });

  it('gives any UTF-16 text back', async () => {
    const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
    await fc.assert(fc.asyncProperty(anyText, async (value) => (await readBack(value)) === value), { numRuns: 100 });
  });

  it('pages through messages of a megabyte each', async () => {
    const big = Array.from({ length: 12 }, (_, n) => aMessage({ content: [text(String(n).padEnd(MEGABYTE, '·'))] }));
    for (const message of big) await stage.put('message', message);
    const { items, hasMore } = await stage.world.store.page('message', [PROJECT, big[0]?.threadId ?? ''], { order: 'asc', limit: 11 });
    expect(items.map(({ id }) => id)).toEqual(big.slice(0, 11).map(({ id }) => id));
    expect(items.every((item, n) => JSON.stringify(item) === JSON.stringify(big[n]))).toBe(true);
    expect(hasMore).toBe(true);
  });
}

function describeExpiry(stage: Stage): void {
  it('shows a record until the millisecond that its removeAfterMs names, and never after', async () => {
    const removeAfterMs = stage.world.clock.nowMs() + 5000;
    const [thread, memory] = [aThread({ removeAfterMs }), anIdempotencyRecord({ removeAfterMs })];
    await stage.put('thread', thread);
    await stage.put('idempotency', memory);
    const seen = async () => [
      await stage.world.store.get(keyOf('thread', thread)),
      await stage.world.store.get(keyOf('idempotency', memory)),
      ...(await stage.world.store.page('thread', [PROJECT], { order: 'asc', limit: 10 })).items,
    ];
    await stage.world.pass(4999);
    expect(await seen()).toStrictEqual([thread, memory, thread]);
    await stage.world.pass(1);
    expect(await seen()).toStrictEqual([undefined, undefined]);
    await stage.reopen();
    expect(await seen()).toStrictEqual([undefined, undefined]);
  });

  it('counts neither in a page nor in hasMore what is past its time', async () => {
    const nowMs = stage.world.clock.nowMs();
    const threads = Array.from({ length: 12 }, (_, n) => aThread(n % 2 === 0 ? { removeAfterMs: nowMs + 1000 } : {}));
    await stage.put('thread', ...threads);
    await stage.world.pass(1000);
    const alive = threads.filter((_, n) => n % 2 === 1).map(({ id }) => id);
    for (const [limit, hasMore] of [[5, true], [6, false], [7, false]] as const) {
      const page = await stage.world.store.page('thread', [PROJECT], { order: 'asc', limit });
      expect([page.items.map(({ id }) => id), page.hasMore]).toEqual([alive.slice(0, limit), hasMore]);
    }
  });

  it('goes by the newest revision: a life made longer is longer, one made endless has no end', async () => {
    const soonMs = stage.world.clock.nowMs() + 1000;
    const [longer, endless] = [aThread({ removeAfterMs: soonMs }), aThread({ removeAfterMs: soonMs })];
    await stage.put('thread', longer, endless);
    const { removeAfterMs: _, ...kept } = endless;
    const writes = [update('thread', longer, { ...longer, removeAfterMs: soonMs + 1 }), update('thread', endless, kept)];
    await stage.world.commit({ name: 'touch', writes });
    await stage.world.pass(1000);
    expect((await stage.world.store.get(keyOf('thread', longer)))?.rev).toBe(1);
    await stage.world.pass(1);
    expect(await stage.world.store.get(keyOf('thread', longer))).toBeUndefined();
    expect((await stage.world.store.get(keyOf('thread', endless)))?.rev).toBe(1);
  });
}
