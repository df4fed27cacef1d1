/** Threads of a given length, made quickly: by the store's own port, before a server holds the folder. */
import { systemClock } from '../../shared/domain/clock.ts';
import { DEFAULT_PROJECT } from '../../shared/domain/api-key.ts';
import { addMessages } from '../../shared/actions/new-message.ts';
import { planThread } from '../../shared/actions/create-thread.ts';
import { openEmbeddedWorld } from '../../shared/embedded/index.ts';
import { create, update } from '../../shared/ports/commit.ts';

const AT_ONCE = 500;

export const shortText = (i: number): string => `Message number ${i} of this thread, about as long as people write them.`;

const WORDS = 'the of and to in is that for it with as was on are be this have from or one had by word but not what all were'.split(' ');
/** About 1,300 tokens: 100 of these fill a window of 128k. */
export const longText = (i: number): string => Array.from({ length: 1300 }, (_, at) => WORDS[(at * 7 + i + (at % 13)) % WORDS.length]).join(' ');

/** Writes one thread of `count` short messages into a new data folder and returns its id. */
export async function seedThread(folder: string, count: number): Promise<string> {
  const world = await openEmbeddedWorld({
    dataFolder: folder,
    model: { aliases: new Map() },
    config: { runWindowSeconds: 600, retention: { days: 60 }, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 },
    clock: systemClock,
    log: { info: () => undefined, error: (code, fields) => console.error(code, fields) },
  });
  let { thread } = await planThread(world, DEFAULT_PROJECT, { messages: [], metadata: {}, toolResources: {}, retention: world.config.retention });
  await world.commit({ name: 'seed', writes: [create('thread', thread)] });
  for (let from = 0; from < count; from += AT_ONCE) {
    const inputs = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => ({
      role: 'user' as const,
      content: [{ type: 'text' as const, text: { value: shortText(from + i), annotations: [] } }],
      attachments: [],
      metadata: {},
    }));
    const added = addMessages(thread, inputs, systemClock.nowMs());
    const write = update('thread', thread, added.thread);
    await world.commit({ name: 'seed', writes: [write, ...added.messages.map((message) => create('message', message))] });
    thread = write.record;
  }
  world.close();
  return thread.id;
}
