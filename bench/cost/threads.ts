/** Threads of a given length, written straight into the deployment's table. */
import { addMessages } from '../../shared/actions/new-message.ts';
import { openKeyRing } from '../../shared/aws/index.ts';
import { DEFAULT_PROJECT } from '../../shared/domain/api-key.ts';
import { create, update } from '../../shared/ports/commit.ts';
import { keys } from '../../shared/ports/store.ts';
import type { Deployment } from '../../test/cloud/harness/deployment.ts';
import { shortText } from '../support/seed.ts';

const AT_ONCE = 90;

/** Adds messages to a thread that was just made. */
export async function fill({ clock, engines, tables: [table] }: Deployment, threadId: string, count: number): Promise<void> {
  if (!table) throw new Error('there is no table');
  const log = { info: () => undefined, error: (code: string, fields?: object) => console.error(code, fields) };
  const { store, commit } = openKeyRing({ clients: engines.hands, clock, log, resources: { table: table.name, bucket: 'none' } });
  for (let from = 0; from < count; from += AT_ONCE) {
    const thread = await store.get(keys.thread(DEFAULT_PROJECT, threadId));
    if (!thread) throw new Error(`there is no ${threadId}`);
    const inputs = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => ({
      role: 'user' as const,
      content: [{ type: 'text' as const, text: { value: shortText(from + i), annotations: [] } }],
      attachments: [],
      metadata: {},
    }));
    const added = addMessages(thread, inputs, clock.nowMs());
    await commit({ name: 'fill', writes: [update('thread', thread, added.thread), ...added.messages.map((message) => create('message', message))] });
  }
}
