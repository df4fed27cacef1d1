/** An embedded world with an assistant, on a clock that stands still. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRun } from '../../shared/actions/create-run.ts';
import { createThread } from '../../shared/actions/create-thread.ts';
import type { Assistant } from '../../shared/domain/assistant.ts';
import type { RunStep } from '../../shared/domain/run-step.ts';
import type { Run, RunOverrides } from '../../shared/domain/run.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { create } from '../../shared/ports/commit.ts';
import { keys } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { PROJECT, assistantOf, text } from './sample-records.ts';

export interface StillWorld {
  clock: ManualClock;
  embedded: EmbeddedWorld;
  close: () => void;
}

export async function openStillWorld(assistant: Partial<Assistant> = {}): Promise<StillWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'threadkeep-still-'));
  const clock = new ManualClock();
  const config = { runWindowSeconds: 600, retention: 'never' as const, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 };
  const log = { info: () => undefined, error: () => undefined };
  const embedded = await openEmbeddedWorld({ dataFolder: folder, model: { aliases: new Map() }, config, clock, log });
  await embedded.commit({ name: 'put', writes: [create('assistant', assistantOf(assistant))] });
  const close = () => {
    embedded.close();
    rmSync(folder, { recursive: true });
  };
  return { clock, embedded, close };
}

/** A run of that assistant, on a thread with one message. */
export async function newRunOn(world: World): Promise<Run> {
  const message = { role: 'user' as const, content: [text('Hello')], attachments: [], metadata: {} };
  const thread = await createThread(world, PROJECT, { messages: [message], metadata: {}, toolResources: {} });
  return runOf(world, thread.id);
}

/** A run of that assistant on this thread. */
export async function runOf(world: World, threadId: string, given: Partial<RunOverrides> = {}): Promise<Run> {
  const overrides: RunOverrides = { metadata: {}, truncationStrategy: { type: 'auto' }, toolChoice: 'auto', parallelToolCalls: true, ...given };
  return (await createRun(world, threadId, [], { projectId: PROJECT, assistantId: 'asst_test', overrides })).run;
}

export const storedRun = async ({ store }: Pick<World, 'store'>, { threadId, id }: Run): Promise<Run> => (await store.get(keys.run(PROJECT, threadId, id))) as Run;

export const storedSteps = async ({ store }: Pick<World, 'store'>, { threadId, id }: Run): Promise<RunStep[]> =>
  (await store.page('step', [PROJECT, threadId, id], { order: 'asc', limit: 200 })).items;
