import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../shared/domain/clock.ts';
import type { Message } from '../../shared/domain/message.ts';
import type { RunStep } from '../../shared/domain/run-step.ts';
import type { Run } from '../../shared/domain/run.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { type Loaded, loadConversation } from '../../shared/engine/load-conversation.ts';
import { messageTokens } from '../../shared/engine/token-budget.ts';
import { create } from '../../shared/ports/commit.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';
import { RUN, USAGE, callOf, messageOf, openStep, queuedRun } from './sample-records.ts';

// Over the real embedded store: what is loaded of a thread, and what it costs.

const folder = mkdtempSync(join(tmpdir(), 'threadkeep-conversation-'));
const silent = { info: () => undefined, error: () => undefined };
let embedded: EmbeddedWorld;

beforeAll(async () => {
  const config = { runWindowSeconds: 600, retention: 'never' as const, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 };
  embedded = await openEmbeddedWorld({ dataFolder: folder, model: { aliases: new Map() }, config, clock: systemClock, log: silent });
});
afterAll(() => {
  embedded.close();
  rmSync(folder, { recursive: true });
});

let threads = 0;

/** A new thread with these messages, and its run. */
async function threadWith(messages: Message[], fields: Parameters<typeof queuedRun>[0] = {}, steps: RunStep[] = []) {
  const threadId = `thread_${++threads}`;
  const own = messages.map((message) => ({ ...message, threadId }));
  await embedded.commit({ name: 'fill', writes: [...own.map((message) => create('message', message)), ...steps.map((step) => create('step', { ...step, threadId }))] });
  return { messages: own, run: queuedRun({ ...fields, threadId }) };
}

/** The world with a window of that size, and a store that counts what is asked of it. */
function worldWith(contextWindow = 128_000): { world: World; pages: { kind: string; limit: number; read: number }[] } {
  const pages: { kind: string; limit: number; read: number }[] = [];
  const store: Store = {
    get: (key) => embedded.store.get(key),
    async page(kind, scope, query) {
      const page = await embedded.store.page(kind, scope, query);
      pages.push({ kind, limit: query.limit, read: page.items.length });
      return page;
    },
  };
  const commit = () => Promise.reject(new Error('loading a conversation writes nothing'));
  return { world: { ...embedded, store, commit, config: { ...embedded.config, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => contextWindow } }, pages };
}

const load = (run: Run, { contextWindow, share }: { contextWindow?: number; share?: number } = {}): Promise<Loaded> => loadConversation(worldWith(contextWindow).world, run, share);

/** The texts that were loaded, oldest first. */
function texts(loaded: Loaded): string[] {
  if (!loaded.fits) throw new Error('it does not fit');
  return loaded.conversation.history.flatMap(({ content }) => content.map((part) => (part.type === 'text' ? part.text.value : '')));
}

const numbered = (count: number, words = 60): Message[] => Array.from({ length: count }, (_, n) => messageOf(`${n} ${'word '.repeat(words)}`));
const numbers = (loaded: Loaded): number[] => texts(loaded).map((text) => Number.parseInt(text));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

/** What no call can do without: two messages' worth of frame. */
const FRAME = 8;
/** A budget for prompts that just holds the newest `count` messages. */
async function budgetFor(messages: Message[], count: number): Promise<number> {
  const costs = await Promise.all(messages.slice(-count).map((message) => messageTokens(message)));
  return FRAME + costs.reduce((sum, cost) => sum + cost, 0);
}

describe('what is shown to the model', () => {
  it('is the whole thread in its order, over as many pages as it takes', async () => {
    const { run } = await threadWith(numbered(250, 1));
    expect(numbers(await load(run))).toEqual(range(0, 250));
  });

  it('is nothing of an empty thread, and nothing of another', async () => {
    const { run } = await threadWith([]);
    expect(texts(await load(run))).toEqual([]);
  });

  it('is the newest that the prompt budget holds, to the token', async () => {
    const { messages, run } = await threadWith(numbered(30));
    const budget = await budgetFor(messages, 7);
    expect(numbers(await load({ ...run, maxPromptTokens: budget }))).toEqual(range(23, 30));
    expect(numbers(await load({ ...run, maxPromptTokens: budget - 1 }))).toEqual(range(24, 30));
  });

  it('is the newest that the model’s window holds beside the answer', async () => {
    const { messages, run } = await threadWith(numbered(30));
    // A quarter of so small a window is kept free.
    const contextWindow = Math.ceil(((await budgetFor(messages, 12)) * 4) / 3);
    expect(numbers(await load(run, { contextWindow }))).toEqual(range(18, 30));
  });

  it('is less when the model has found the last prompt too long', async () => {
    const { messages, run } = await threadWith(numbered(30));
    const contextWindow = Math.ceil(((await budgetFor(messages, 20)) * 4) / 3);
    const whole = numbers(await load(run, { contextWindow }));
    const cut = numbers(await load(run, { contextWindow, share: 0.7 }));
    expect(whole).toHaveLength(20);
    expect(cut.length).toBeLessThanOrEqual(14);
    expect(cut.length).toBeGreaterThanOrEqual(13);
    expect(cut.at(-1)).toBe(29);
  });

  it('is at most the last_messages, whatever would fit', async () => {
    const { run } = await threadWith(numbered(250, 1));
    for (const last of [1, 3, 100, 101, 249]) {
      expect(numbers(await load({ ...run, truncationStrategy: { type: 'last_messages', last_messages: last } }))).toEqual(range(250 - last, 250));
    }
    expect(numbers(await load({ ...run, truncationStrategy: { type: 'last_messages', last_messages: 1000 } }))).toHaveLength(250);
    expect(numbers(await load({ ...run, truncationStrategy: { type: 'last_messages' } }))).toHaveLength(250);
    expect(numbers(await load({ ...run, truncationStrategy: { type: 'auto', last_messages: 3 } }))).toHaveLength(250);
  });

  it('is fewer than the last_messages when they do not fit', async () => {
    const { messages, run } = await threadWith(numbered(30));
    expect(numbers(await load({ ...run, truncationStrategy: { type: 'last_messages', last_messages: 10 }, maxPromptTokens: await budgetFor(messages, 5) }))).toEqual(range(25, 30));
  });

  it('leaves room for instructions', async () => {
    const { messages, run } = await threadWith(numbered(30));
    const maxPromptTokens = await budgetFor(messages, 10);
    expect(numbers(await load({ ...run, maxPromptTokens, instructions: 'Be brief. '.repeat(100) })).length).toBeLessThan(10);
  });
});

describe('the run’s own messages', () => {
  const own = { type: 'message_creation' as const };
  const answer = () => messageOf('Let me look.', { role: 'assistant', runId: RUN });

  it('are among its turns and not in the history, nor do they count as last_messages', async () => {
    const said = answer();
    const steps = [openStep({ ...own, messageId: said.id }), openStep({ type: 'tool_calls', toolCalls: [callOf('f', { output: '42' })] })];
    const { run } = await threadWith([...numbered(5), said], {}, steps);
    const loaded = await load({ ...run, truncationStrategy: { type: 'last_messages', last_messages: 2 } });
    expect(numbers(loaded)).toEqual([3, 4]);
    expect(loaded).toMatchObject({ conversation: { turns: [{ type: 'message', message: { id: said.id } }, { type: 'calls', calls: [{ name: 'f', output: '42' }] }], lastStepId: steps[1]?.id } });
  });

  it('take their share of the budget', async () => {
    const { messages, run } = await threadWith(numbered(30), {}, [openStep({ type: 'tool_calls', toolCalls: [callOf('f', { output: 'word '.repeat(300) })] })]);
    const loaded = await load({ ...run, maxPromptTokens: await budgetFor(messages, 10) });
    expect(numbers(loaded).length).toBeGreaterThan(2);
    expect(numbers(loaded).length).toBeLessThan(7);
  });

  it('that were deleted meanwhile are left out', async () => {
    const { run } = await threadWith(numbered(2), {}, [openStep({ ...own, messageId: 'msg_gone' })]);
    expect(await load(run)).toMatchObject({ fits: true, conversation: { turns: [] } });
  });
});

describe('when not even the newest message fits', () => {
  it('the run’s own budget is kept: nothing is sent', async () => {
    const { messages, run } = await threadWith(numbered(3, 400));
    expect(await load({ ...run, maxPromptTokens: (await budgetFor(messages, 1)) - 1 })).toEqual({ fits: false });
    expect(numbers(await load({ ...run, maxPromptTokens: await budgetFor(messages, 1) }))).toEqual([2]);
  });

  it('what earlier calls of the run took counts', async () => {
    const { messages, run } = await threadWith(numbered(3, 400));
    const maxPromptTokens = await budgetFor(messages, 1);
    expect(await load({ ...run, maxPromptTokens, usage: USAGE })).toEqual({ fits: false });
    expect(await load({ ...run, maxPromptTokens: maxPromptTokens + USAGE.promptTokens, usage: USAGE })).toMatchObject({ fits: true });
  });

  it('instructions alone may be too much', async () => {
    const { run } = await threadWith([]);
    expect(await load({ ...run, maxPromptTokens: 256, instructions: 'Be brief. '.repeat(200) })).toEqual({ fits: false });
  });

  it('of the model’s window it is sent all the same: the provider counts better', async () => {
    const { run } = await threadWith(numbered(3, 2000));
    expect(numbers(await load(run, { contextWindow: 1024 }))).toEqual([2]);
    expect(numbers(await load({ ...run, maxPromptTokens: 100_000 }, { contextWindow: 1024 }))).toEqual([2]);
  });
});

describe('the cost depends on the budget, not on the thread', () => {
  async function costOf(length: number, fields: Parameters<typeof queuedRun>[0]) {
    const { run } = await threadWith(numbered(length), fields);
    const { world, pages } = worldWith();
    const loaded = await loadConversation(world, run);
    return { loaded: numbers(loaded).length, pages: pages.map(({ kind }) => kind), limits: pages.map(({ limit }) => limit), read: pages.reduce((sum, { read }) => sum + read, 0) };
  }

  it('with a small budget for prompts', async () => {
    const short = await costOf(10, { maxPromptTokens: 400 });
    const long = await costOf(2000, { maxPromptTokens: 400 });
    expect(long.loaded).toBe(short.loaded);
    expect(long.pages).toEqual(['step', 'message']);
    expect(long.pages).toEqual(short.pages);
    expect(long.read).toBeLessThanOrEqual(100);
  });

  it('with last_messages', async () => {
    const fields = { truncationStrategy: { type: 'last_messages' as const, last_messages: 4 } };
    expect(await costOf(2000, fields)).toEqual(await costOf(10, fields));
  });
});
