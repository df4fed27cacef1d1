/** Everything that is counted, in an order that does not change. */
import { type Kind, type Played, kinds, play } from './kinds.ts';
import type { Settings } from './scene.ts';
import type { CostStage } from './stage.ts';
import { type Waits, waitsOf } from './waits.ts';

const LAST_20 = { type: 'last_messages', last_messages: 20 } as const;

export const THREADS: Record<string, Settings> = {
  '1': { messages: 1 },
  '100, last 20': { messages: 100, truncation: LAST_20 },
  '1,000, last 20': { messages: 1000, truncation: LAST_20 },
  '100, auto': { messages: 100 },
  '1,000, auto': { messages: 1000 },
};

export const SIZES: Record<string, Settings> = {
  usual: { messages: 1 },
  'instructions 1 KB': { messages: 1, instructions: 1024 },
  'instructions 4 KB': { messages: 1, instructions: 4096 },
  'instructions 32 KB': { messages: 1, instructions: 32_768 },
  'question 4 KB': { messages: 1, question: 4096 },
  'answer 4 KB': { messages: 1, answer: 4096 },
};

export interface Measured {
  byThread: Record<string, Record<Kind, Played>>;
  bySize: Record<string, Played>;
}

/** Once each way, so that every function is warm, and the client's key is known. */
export async function warmUp(stage: CostStage): Promise<void> {
  for (const kind of kinds) await play(stage, kind, { messages: 1 });
  stage.takeMs();
}

export async function measure(stage: CostStage): Promise<Measured> {
  const byThread: Measured['byThread'] = {};
  for (const [name, settings] of Object.entries(THREADS)) byThread[name] = await everyKind(stage, settings);
  const bySize: Measured['bySize'] = {};
  for (const [name, settings] of Object.entries(SIZES)) bySize[name] = await play(stage, 'plain', settings);
  return { byThread, bySize };
}

async function everyKind(stage: CostStage, settings: Settings): Promise<Record<Kind, Played>> {
  const [plain, streamed, tools, expired] = [await play(stage, 'plain', settings), await play(stage, 'streamed', settings), await play(stage, 'tools', settings), await play(stage, 'expired', settings)];
  return { plain, streamed, tools, expired };
}

export type Waiting = Record<string, { streamed: Waits; plain: Waits }>;

export async function measureWaits(stage: CostStage): Promise<Waiting> {
  const waiting: Waiting = {};
  for (const name of ['1', '1,000, last 20', '1,000, auto']) {
    const settings = THREADS[name] ?? { messages: 1 };
    waiting[name] = { streamed: await waitsOf(stage, 'streamed', settings), plain: await waitsOf(stage, 'plain', settings) };
  }
  return waiting;
}
