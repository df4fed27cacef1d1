/** One of many clients that talk on and on, whatever happens to the server, and remember what it told them. */
import type { Run } from 'openai/resources/beta/threads/runs/runs';
import type OpenAI from 'openai';
import { randomUUID } from 'node:crypto';
import { once, seeThrough, startRun } from './conversation.ts';
import type { CrashableServer } from './crashable.ts';

/** A request to create something, told apart by its text, however often it had to be sent. */
export interface Sent {
  threadId: string;
  text: string;
  keyed: boolean;
  /** How often it was sent. */
  tries: number;
  /** What the server answered, in the end. */
  id: string;
}

export interface Diary {
  messages: Sent[];
  /** Ended, as the client saw them. */
  runs: Run[];
  threads: Sent[];
}

/** Seeded, so that a failure can be had again. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Talks until `isOver`, always to the end of a round. */
export async function talk(server: CrashableServer, assistantId: string, seed: number, isOver: () => boolean): Promise<Diary> {
  const chance = random(seed);
  const diary: Diary = { messages: [], runs: [], threads: [] };
  while (!isOver()) {
    const thread = await send(server, chance() < 0.5, randomUUID(), '', (client, text, options) => client.beta.threads.create({ metadata: { text } }, options));
    diary.threads.push(thread);
    for (let round = 0; round < 3; round++) {
      const text = `${chance() < 0.4 ? 'look up' : 'say'} ${randomUUID()}`;
      const message = await send(server, chance() < 0.5, text, thread.id, (client, content, options) =>
        client.beta.threads.messages.create(thread.id, { role: 'user', content }, options),
      );
      diary.messages.push(message);
      const streamed = chance() < 0.5;
      const runId = await startRun(server, thread.id, { assistant_id: assistantId }, streamed);
      diary.runs.push(await seeThrough(server, thread.id, runId, streamed));
    }
  }
  return diary;
}

type Create = (client: OpenAI, text: string, options?: OpenAI.RequestOptions) => Promise<{ id: string }>;

async function send(server: CrashableServer, keyed: boolean, text: string, threadId: string, create: Create): Promise<Sent> {
  const key = keyed ? once() : undefined;
  for (let tries = 1; ; tries++) {
    const made = await server.survive((client) => create(client, text, key));
    if (made) return { threadId: threadId || made.id, text, keyed, tries, id: made.id };
  }
}
