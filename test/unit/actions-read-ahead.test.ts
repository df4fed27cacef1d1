import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRun, createThreadAndRun } from '../../shared/actions/create-run.ts';
import { createThread } from '../../shared/actions/create-thread.ts';
import { addMessages } from '../../shared/actions/new-message.ts';
import { submitToolOutputs } from '../../shared/actions/submit-tool-outputs.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { newId } from '../../shared/domain/ids.ts';
import type { Lease, Run, RunOverrides } from '../../shared/domain/run.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { executeRun } from '../../shared/engine/execute-run.ts';
import { type Loaded, loadConversation } from '../../shared/engine/load-conversation.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { create, update } from '../../shared/ports/commit.ts';
import { type Kind, type Store, keys } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';
import { PROJECT, assistantOf, callOf, messageOf, openStep, runs, text } from './sample-records.ts';

// What is read beside the commit that takes a run is what would be read after it, whoever else writes meanwhile.

const folder = mkdtempSync(join(tmpdir(), 'threadkeep-read-ahead-'));
let embedded: EmbeddedWorld;
beforeAll(async () => {
  const config = { runWindowSeconds: 600, retention: 'never' as const, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 };
  const log = { info: () => undefined, error: () => undefined };
  embedded = await openEmbeddedWorld({ dataFolder: folder, model: { aliases: new Map() }, config, clock: systemClock, log });
  await embedded.commit({ name: 'put', writes: [create('assistant', assistantOf())] });
});
afterAll(() => {
  embedded.close();
  rmSync(folder, { recursive: true });
});

/** Pages asked for since the test began: the kind and how many of it. */
let pages: [Kind, number][];
beforeEach(() => void (pages = []));
const counting = (): Store => ({
  get: (key) => embedded.store.get(key),
  page: (kind, scope, query) => (pages.push([kind, query.limit]), embedded.store.page(kind, scope, query)),
});
const worldWith = (parts: Partial<World> = {}): World => ({ ...embedded, store: counting(), ...parts });

const said = (value: string) => ({ role: 'user' as const, content: [text(value)], attachments: [], metadata: {} });
const threadOf = (...texts: string[]) => createThread(embedded, PROJECT, { messages: texts.map(said), metadata: {}, toolResources: {} });
const lease = (): Lease => ({ owner: embedded.owner, untilMs: Date.now() + 30_000 });
const overrides = (last?: number): RunOverrides => ({
  metadata: {},
  truncationStrategy: last === undefined ? { type: 'auto' } : { type: 'last_messages', last_messages: last },
  toolChoice: 'auto',
  parallelToolCalls: true,
});
const request = (last?: number) => ({ projectId: PROJECT, assistantId: 'asst_test', overrides: overrides(last), lease: lease() });

const textsOf = (loaded: Loaded): string[] => {
  if (!loaded.fits) throw new Error('it does not fit');
  const { history, turns } = loaded.conversation;
  const messages = [...history, ...turns.flatMap((turn) => (turn.type === 'message' ? [turn.message] : []))];
  return messages.flatMap(({ content }) => content.map((part) => (part.type === 'text' ? part.text.value : '')));
};

/** A message as another process adds it: no turn is waited for. */
async function addAsRival(threadId: string, value: string): Promise<void> {
  const before = await embedded.store.get(keys.thread(PROJECT, threadId));
  if (!before) throw new Error('there is no thread');
  const { thread, messages } = addMessages(before, [said(value)], Date.now());
  await embedded.commit({ name: 'rival', writes: [update('thread', before, thread), ...messages.map((message) => create('message', message))] });
}

describe('what is read beside the creation of a run', () => {
  it.each<[have: number, added: number, last: number | undefined]>([
    [0, 0, undefined],
    [0, 2, undefined],
    [3, 0, undefined],
    [3, 2, undefined],
    [130, 3, undefined],
    [130, 0, 1],
    [5, 1, 1],
    [5, 2, 1],
    [5, 2, 4],
    [5, 2, 7],
    [130, 40, 120],
  ])('is what is read after it: %i messages, %i added, the last %p', async (have, added, last) => {
    const thread = await threadOf(...Array.from({ length: have }, (_, n) => `old ${n}`));
    const created = await createRun(worldWith(), thread.id, Array.from({ length: added }, (_, n) => said(`new ${n}`)), request(last));
    const ahead = await created.ahead;
    const [early, late] = [await loadConversation(embedded, created.run, 1, ahead), await loadConversation(embedded, created.run)];
    expect(early).toEqual(late);
    expect(textsOf(early)).toHaveLength(Math.min(have + added, last ?? Infinity));
  });

  it.each<[last: number | undefined, added: number, asked: [Kind, number][]]>([
    [undefined, 0, [['message', 100]]],
    [1, 0, [['message', 1]]],
    [4, 1, [['message', 3]]],
    [1, 1, []],
    [1, 3, []],
  ])('is no more than the run may see: the last %p with %i added', async (last, added, asked) => {
    const thread = await threadOf(...Array.from({ length: 30 }, (_, n) => `old ${n}`));
    const world = worldWith();
    const { run, ahead } = await createRun(world, thread.id, Array.from({ length: added }, () => said('new')), request(last));
    await loadConversation(world, run, 1, await ahead);
    expect(pages).toEqual(asked);
  });

  it('is nothing at all for a run on a new thread, or for one that others will drive', async () => {
    const created = await createThreadAndRun(worldWith(), { messages: [said('One'), said('Two')], metadata: {}, toolResources: {} }, request());
    expect(textsOf(await loadConversation(worldWith(), created.run, 1, await created.ahead))).toEqual(['One', 'Two']);
    const thread = await threadOf('One');
    expect((await createRun(worldWith(), thread.id, [], { ...request(), lease: undefined })).ahead).toBeUndefined();
    expect(pages).toEqual([]);
  });

  it('has the message that a rival adds before the run is created', async () => {
    const thread = await threadOf('One');
    let rivals = 2;
    const commit: World['commit'] = async (change) => {
      // By now the thread has been read, and so have its messages.
      if (rivals > 0) await addAsRival(thread.id, `from rival ${rivals--}`);
      return embedded.commit(change);
    };
    const created = await createRun(worldWith({ commit }), thread.id, [said('Last')], request());
    expect(textsOf(await loadConversation(embedded, created.run, 1, await created.ahead))).toEqual(['One', 'from rival 2', 'from rival 1', 'Last']);
  });

  it('has each message once, also when the commit is faster', async () => {
    const thread = await threadOf('One');
    const { promise: committed, resolve } = Promise.withResolvers<void>();
    const store: Store = { ...counting(), page: async (...args) => (await committed, embedded.store.page(...args)) };
    const commit: World['commit'] = async (change) => (await embedded.commit(change), resolve());
    const created = await createRun(worldWith({ store, commit }), thread.id, [said('Two'), said('Three')], request());
    expect(textsOf(await loadConversation(embedded, created.run, 1, await created.ahead))).toEqual(['One', 'Two', 'Three']);
  });

  it('that fails is read again, and the run goes on', async () => {
    const thread = await threadOf('One');
    const store: Store = { ...counting(), page: () => Promise.reject(new Error('no disk')) };
    const created = await createRun(worldWith({ store }), thread.id, [], request());
    expect(await created.ahead).toBeUndefined();
    const events: string[] = [];
    if (created.run.status !== 'in_progress') throw new Error('it is leased');
    await executeRun(embedded, new RunSignals(), created.run, (event) => void events.push(event.type), { ahead: created.ahead });
    expect(events.at(-1)).toBe('thread.run.completed');
  });
});

describe('what is read beside the outputs of a run’s functions', () => {
  /** A run that has said something and waits, and its thread. */
  const waitingRun = async (last: number | undefined) => {
    const thread = await threadOf('One', 'Two', 'Three');
    const base = { threadId: thread.id, runId: `run_${thread.id}` };
    const text = messageOf('Let me look.', { ...base, role: 'assistant', id: newId('message', Date.now(), thread.lastMessageId) });
    const [spoke, waits] = [openStep({ type: 'message_creation', messageId: text.id }, base), openStep({ type: 'tool_calls', toolCalls: [callOf('f')] }, base)];
    const { truncationStrategy } = overrides(last);
    const run: Run = { ...runs.requires_action, id: base.runId, threadId: thread.id, stepId: waits.id, truncationStrategy, expiresAtMs: Date.now() + 600_000 };
    await embedded.commit({ name: 'put', writes: [create('run', run), create('message', text), create('step', spoke), create('step', waits)] });
    return run;
  };

  it.each([undefined, 1, 2, 100])('is what is read after it, and all of it at once: the last %p', async (last) => {
    const { threadId, id: runId } = await waitingRun(last);
    const world = worldWith();
    const resumed = await submitToolOutputs(world, { projectId: PROJECT, threadId, runId }, [{ toolCallId: 'call_f', output: 'found' }], lease());
    const early = await loadConversation(world, resumed.run, 1, await resumed.ahead);
    expect(pages).toEqual([['step', 100], ['message', Math.min(100, (last ?? 100) + 1)]]);
    expect(early).toEqual(await loadConversation(embedded, resumed.run));
    expect(textsOf(early)).toEqual([...['One', 'Two', 'Three'].slice(-(last ?? 3)), 'Let me look.']);
    expect(early).toMatchObject({ conversation: { turns: [{ type: 'message' }, { type: 'calls', calls: [{ output: 'found' }] }] } });
  });

  it('is read again when the run has been changed in between', async () => {
    const { threadId, id: runId } = await waitingRun(undefined);
    let isFirst = true;
    const commit: World['commit'] = async (change) => {
      const run = await embedded.store.get(keys.run(PROJECT, threadId, runId));
      if (isFirst && run) await embedded.commit({ name: 'rival', writes: [update('run', run, { ...run, metadata: { by: 'rival' } })] });
      isFirst = false;
      return embedded.commit(change);
    };
    const resumed = await submitToolOutputs(worldWith({ commit }), { projectId: PROJECT, threadId, runId }, [{ toolCallId: 'call_f', output: 'found' }], lease());
    expect(resumed.run.metadata).toEqual({ by: 'rival' });
    expect((await resumed.ahead)?.steps).toHaveLength(2);
  });
});
