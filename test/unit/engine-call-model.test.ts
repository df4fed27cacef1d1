import { describe, expect, it } from '@jest/globals';
import { callModel, usageOf } from '../../shared/engine/call-model.ts';
import { Turn } from '../../shared/engine/turn.ts';
import { type ModelChunk, ModelError, type ModelErrorKind, type ModelRequest } from '../../shared/ports/model.ts';
import { ManualClock, START_MS } from '../support/manual-clock.ts';
import { bareWorld } from './bare-world.ts';
import { runningRun } from './sample-records.ts';

// What is tried again, when, and for how long: on a clock that only the test moves.

const request: ModelRequest = { model: 'gpt-test', messages: [{ role: 'user', content: 'Hello there' }] };
const said = (content: string): ModelChunk => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const stop: ModelChunk = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };

/** A chunk, or what the stream breaks with. */
type Attempt = (ModelChunk | Error)[];

/** A model call under way: each attempt plays its own part of the script, and one too many is an error. */
function start(attempts: Attempt[], untilMs = START_MS + 600_000) {
  const clock = new ManualClock();
  const startedAtMs: number[] = [];
  const retries: Record<string, unknown>[] = [];
  const abort = new AbortController();
  const world = bareWorld({
    clock,
    log: { info: (code, fields) => void retries.push({ code, ...fields }), error: () => undefined },
    model: {
      async *stream() {
        const attempt = attempts[startedAtMs.length] ?? [new Error('one attempt too many')];
        startedAtMs.push(clock.nowMs() - START_MS);
        for (const part of attempt) {
          await Promise.resolve();
          if (part instanceof Error) throw part;
          yield part;
        }
      },
      list: () => Promise.resolve([]),
    },
  });
  const turn = new Turn({ run: runningRun(), lastMessageId: undefined, lastStepId: undefined, nowMs: () => clock.nowMs(), emit: () => undefined, onTextDone: () => Promise.resolve() });
  const outcome = callModel(world, request, turn, { signal: abort.signal, untilMs, runId: 'run_test' }).then(
    () => 'done' as const,
    (error: unknown) => error,
  );
  return { clock, turn, outcome, startedAtMs, retries, abort };
}

const failure = (kind: ModelErrorKind, retryAfterMs?: number) => new ModelError(kind, `it is ${kind}`, { retryAfterMs });

describe('a model call', () => {
  it('that succeeds is made once', async () => {
    const { outcome, startedAtMs, turn } = start([[said('Hi'), stop]]);
    expect(await outcome).toBe('done');
    expect(startedAtMs).toEqual([0]);
    expect(turn.spoken).toBe('Hi');
  });

  it.each(['unavailable', 'rate_limited'] as const)('that fails as %s is made again, after growing pauses with jitter', async (kind) => {
    const { clock, outcome, startedAtMs, retries } = start([[failure(kind)], [failure(kind)], [failure(kind)], [said('Hi'), stop]]);
    await clock.pass(10_000);
    expect(await outcome).toBe('done');
    const pauses = startedAtMs.slice(1).map((atMs, n) => atMs - (startedAtMs[n] ?? 0));
    expect(pauses).toHaveLength(3);
    pauses.forEach((pauseMs, n) => {
      expect(pauseMs).toBeGreaterThanOrEqual(250 * 2 ** n);
      expect(pauseMs).toBeLessThanOrEqual(500 * 2 ** n);
    });
    expect(retries).toEqual(pauses.map((pauseMs, n) => ({ code: 'model_retry', runId: 'run_test', attempt: n + 1, pauseMs, kind })));
  });

  it('waits as long as the provider asks', async () => {
    const { clock, outcome, startedAtMs } = start([[failure('rate_limited', 7000)], [stop]]);
    await clock.pass(6999);
    expect(startedAtMs).toEqual([0]);
    await clock.pass(1);
    expect(await outcome).toBe('done');
    expect(startedAtMs).toEqual([0, 7000]);
  });

  it('does not take a provider that asks for no wait at its word twice', async () => {
    const { clock, outcome, startedAtMs } = start([[failure('rate_limited', 0)], [failure('rate_limited', 0)], [stop]]);
    await clock.pass(0);
    expect(startedAtMs).toEqual([0, 0]);
    await clock.pass(1000);
    expect(await outcome).toBe('done');
    expect(startedAtMs[2]).toBeGreaterThanOrEqual(500);
  });

  it('is made again for as long as the run has time, and then given up', async () => {
    const { clock, outcome, startedAtMs } = start(Array.from({ length: 60 }, () => [failure('unavailable')]));
    await clock.pass(600_000);
    expect(await outcome).toMatchObject({ kind: 'unavailable' });
    // Pauses of 15 to 30 s at the most, so at least twenty calls in ten minutes; the last not a pause before the end.
    expect(startedAtMs.length).toBeGreaterThan(20);
    expect(startedAtMs.at(-1)).toBeGreaterThan(600_000 - 31_000);
  });

  it('is not made again when the run would be over by then', async () => {
    const { outcome, startedAtMs } = start([[failure('rate_limited', 60_000)]], START_MS + 60_000);
    expect(await outcome).toMatchObject({ kind: 'rate_limited' });
    expect(startedAtMs).toEqual([0]);
  });

  it.each(['quota_exceeded', 'context_overflow', 'content_filter', 'unauthorized', 'rejected'] as const)('that fails as %s is not made again', async (kind) => {
    const { outcome, startedAtMs } = start([[failure(kind)]]);
    expect(await outcome).toMatchObject({ kind });
    expect(startedAtMs).toEqual([0]);
  });

  it.each<[string, Attempt]>([
    ['a word', [said('Hi'), failure('unavailable')]],
    ['a call', [{ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '' } }] }, finish_reason: null }] }, failure('unavailable')]],
    ['a word, and ends without saying so', [said('Hi')]],
  ])('that breaks off after %s is not made again: it has been told', async (_, attempt) => {
    const { outcome, startedAtMs, turn } = start([attempt]);
    expect(await outcome).toMatchObject({ kind: 'unavailable' });
    expect(startedAtMs).toEqual([0]);
    expect(turn.hasSpoken).toBe(true);
  });

  it('that ends without a word and without saying so is made again', async () => {
    const { clock, outcome, startedAtMs } = start([[], [said(''), { choices: [] }], [stop]]);
    await clock.pass(5000);
    expect(await outcome).toBe('done');
    expect(startedAtMs).toHaveLength(3);
  });

  it('that is aborted in a pause ends with the reason, at once', async () => {
    const { clock, outcome, startedAtMs, abort } = start([[failure('unavailable')]]);
    await clock.pass(1);
    const reason = new Error('cancelled');
    abort.abort(reason);
    expect(await outcome).toBe(reason);
    expect(startedAtMs).toEqual([0]);
    expect(clock.pending).toBe(0);
  });

  it('that fails with a fault of our own is not hidden', async () => {
    const fault = new TypeError('ours');
    expect(await start([[fault]]).outcome).toBe(fault);
  });
});

describe('usage', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

  it('is the provider’s own count', async () => {
    const { outcome, turn } = start([[said('Hi'), stop, { choices: [], usage }]]);
    await outcome;
    expect(await usageOf(turn, request)).toEqual({ promptTokens: 10, completionTokens: 5, cachedTokens: 0, reasoningTokens: 0 });
  });

  it('is ours when the provider was cut short of telling', async () => {
    const { outcome, turn } = start([[said('Good morning'), failure('unavailable')]]);
    await outcome;
    expect(await usageOf(turn, request)).toEqual({ promptTokens: 2, completionTokens: 2, cachedTokens: 0, reasoningTokens: 0 });
  });

  it('is nothing when nothing was said', async () => {
    const { outcome, turn } = start([[failure('rejected')]]);
    await outcome;
    const none = { promptTokens: 0, completionTokens: 0, cachedTokens: 0, reasoningTokens: 0 };
    expect(await usageOf(turn, request)).toEqual(none);
    expect(await usageOf(turn, undefined)).toEqual(none);
  });
});
