/** Code of models, used in every way that asks for a permission. */
import { expect } from '@jest/globals';
import { lastIs } from '../../crash/conversation.ts';
import { calls, text } from '../../support/scripted-model.ts';
import { endThread, executing, leaveIdle } from './coding.ts';
import type { Scene } from './outlives.ts';

/** More than is put away at once, and shown as well. */
const LARGE = "open('/mnt/data/large.bin', 'wb').write(bytes(9 * 1024 * 1024));";

export async function useCode(its: Scene): Promise<void> {
  const { client: { client }, model, saboteur } = its;
  saboteur.watch();
  const { beta } = client;
  for (const streamed of [false, true]) {
    const { threadId, status, files } = await executing(its, { streamed });
    expect([status, files.length]).toEqual(['completed', 1]);
    const { data: [assistant] } = await beta.assistants.list();
    const assistant_id = assistant?.id ?? '';
    // In parts; then the code ends its own interpreter, whose session is ended.
    for (const code of [LARGE, 'import os\nos._exit(1)']) {
      model.reset();
      model.scriptFor(lastIs('user', 'Once more.'), calls([{ name: 'code_interpreter', arguments: { code } }]));
      model.always(text('Done.'));
      await beta.threads.messages.create(threadId, { role: 'user', content: 'Once more.' });
      if (streamed) await beta.threads.runs.stream(threadId, { assistant_id }).finalRun();
      else await beta.threads.runs.createAndPoll(threadId, { assistant_id }, { pollIntervalMs: 20 });
    }
  }
  // Ended for being idle; with its thread; and when the service had ended it before.
  await leaveIdle(its, 0);
  await endThread(its, (await executing(its, { streamed: false })).threadId);
  const before = () => its.server.deployment.agentcore.endAll();
  for (const streamed of [false, true]) {
    const { threadId } = await executing(its, { streamed, before });
    await before();
    await endThread(its, threadId);
  }
}
