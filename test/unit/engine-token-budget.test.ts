import { describe, expect, it } from '@jest/globals';
import type { Tool } from '../../shared/domain/settings.ts';
import { completionBudget, fixedTokens, messageTokens, mostMessageTokens, promptBudget, windowBudget } from '../../shared/engine/token-budget.ts';
import { TOKENS_PER_IMAGE, TOKENS_PER_MESSAGE, countTokens, mostTokens } from '../../shared/tools/tokens.ts';
import { USAGE, callOf, messageOf, queuedRun, text } from './sample-records.ts';

describe('counting', () => {
  it.each([
    ['', 0],
    ['hello world', 2],
    ['<|endoftext|>', 7],
  ])('%j has %i tokens', async (value, tokens) => {
    expect(await countTokens(value)).toBe(tokens);
  });

  it('takes time in proportion even for one long unbroken word', async () => {
    const value = 'a'.repeat(256_000);
    const startedMs = performance.now();
    const tokens = await countTokens(value);
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect(tokens).toBeGreaterThan(10_000);
    expect(tokens).toBeLessThanOrEqual(mostTokens(value));
  });

  it.each(['plain words', 'Ünïcödé 日本語 한국어', '😀👩‍👩‍👧', '\u0000\ud800', '{"a":[1,2,3]}'])('never finds more in %j than the bound says', async (value) => {
    expect(await countTokens(value)).toBeLessThanOrEqual(mostTokens(value));
  });

  it('adds to a message what surrounds it, and its images', async () => {
    expect(await messageTokens(messageOf('hello world'))).toBe(2 + TOKENS_PER_MESSAGE);
    const image = { type: 'image_url' as const, image_url: { url: 'https://a.b/c.png', detail: 'auto' as const } };
    expect(await messageTokens(messageOf([image, image]))).toBeGreaterThanOrEqual(2 * TOKENS_PER_IMAGE);
    // Of an answer it is shown no images.
    const shown = { type: 'image_file' as const, image_file: { file_id: 'file-1', detail: 'auto' as const } };
    expect(await messageTokens({ ...messageOf([shown, text('hello world')]), role: 'assistant' })).toBe(2 + TOKENS_PER_MESSAGE);
    for (const message of [messageOf('Grüße'), messageOf([text('a'), image, { type: 'refusal', refusal: 'No.' }])]) {
      expect(mostMessageTokens(message)).toBeGreaterThanOrEqual(await messageTokens(message));
    }
  });
});

describe('what a run may still spend', () => {
  it.each([
    [undefined, Infinity],
    [1000, 970],
    [30, 0],
    [20, -10],
  ])('prompts: of %p, %p', (maxPromptTokens, left) => {
    expect(promptBudget(queuedRun({ maxPromptTokens, usage: USAGE }))).toBe(left);
  });

  it.each([
    [undefined, undefined],
    [500, 488],
    [12, 0],
    [10, -2],
  ])('completions: of %p, %p', (maxCompletionTokens, left) => {
    expect(completionBudget(queuedRun({ maxCompletionTokens, usage: USAGE }))).toBe(left);
  });

  it.each<[string, number | undefined, number, number]>([
    ['4096 are kept free for an answer of any length', undefined, 128_000, 123_904],
    ['a quarter is, of a small window', undefined, 8000, 6000],
    ['what the answer may take is, when the run says it', 512, 128_000, 127_488],
    ['but no more than a quarter', 100_000, 128_000, 96_000],
  ])('window: %s', (_, maxCompletionTokens, window, left) => {
    expect(windowBudget(queuedRun({ maxCompletionTokens }), window)).toBe(left);
  });
});

describe('what every call of the run carries beside the history', () => {
  const plenty = 1_000_000;
  const scarce = 10;
  const tools: Tool[] = [{ type: 'function', function: { name: 'f', description: 'Does what f does.' } }];

  it('is almost nothing without instructions, functions and turns', async () => {
    expect(await fixedTokens(queuedRun(), [], scarce)).toBe(2 * TOKENS_PER_MESSAGE);
  });

  it('counts instructions, functions and the run’s own turns', async () => {
    const instructions = 'Be brief. '.repeat(50);
    const bare = await fixedTokens(queuedRun(), [], scarce);
    expect(await fixedTokens(queuedRun({ instructions }), [], scarce)).toBe(bare + (await countTokens(instructions)));
    expect(await fixedTokens(queuedRun({ tools }), [], scarce)).toBeGreaterThan(bare + 5);
    const code = queuedRun({ tools: [{ type: 'code_interpreter' }] });
    const offered = await fixedTokens(code, [], scarce);
    expect(offered).toBeGreaterThan(bare + 100);
    expect(await fixedTokens(code, [], scarce, [{ id: 'file-1', filename: 'sales.csv', bytes: 12 }])).toBeGreaterThan(offered + 10);
    const turns = [{ type: 'calls' as const, calls: [callOf('f', { arguments: '{"city":"Paris"}', output: 'Sunny. '.repeat(20) })] }];
    expect(await fixedTokens(queuedRun(), turns, scarce)).toBeGreaterThan(bare + 40);
  });

  it('is only bounded from above where that is enough', async () => {
    const run = queuedRun({ instructions: 'Be brief. '.repeat(50) });
    const exact = await fixedTokens(run, [], scarce);
    const bound = await fixedTokens(run, [], plenty);
    expect(bound).toBeGreaterThan(exact);
    expect(bound).toBe(2 * TOKENS_PER_MESSAGE + mostTokens('Be brief. '.repeat(50)));
  });
});
