/** A run whose model has code executed, on a deployment. */
import { calls, text } from '../../support/scripted-model.ts';
import { lastIs, once, rest, runsOf, startRun, stepsOf } from '../../crash/conversation.ts';
import { itemsOf } from './cloud-ledger.ts';
import type { Scene } from './outlives.ts';
import type { Death } from './saboteur.ts';

const QUESTION = 'Write it down.';
const IDLE_MS = 900_000;

/** What the code writes, as a client downloads it. */
export const written = { filename: 'notes.txt', text: 'noted' };
const CODE = `open('/mnt/data/${written.filename}', 'w').write('${written.text}');`;

export interface Coding {
  streamed: boolean;
  deaths?: Death[];
  /** Once the thread has a session, with code executed in it: what happens in the middle of the next. */
  meanwhile?: () => unknown;
  /** Likewise, and ahead of the next. */
  before?: () => Promise<void>;
}

export interface Coded {
  threadId: string;
  runId: string;
  status: string;
  steps: string[];
  /** Those that the run's messages name. */
  files: { filename: string; text: string }[];
}

/** The model calls for the code each time that it is asked, and is content with what came of it. */
export async function executing({ client, model, saboteur, server }: Scene, { streamed, deaths = [], before, meanwhile }: Coding): Promise<Coded> {
  const openai = client.client;
  const assistant = await openai.beta.assistants.create({ model: 'gpt-4o', tools: [{ type: 'code_interpreter' }] });
  const { id: threadId } = await openai.beta.threads.create({ messages: [{ role: 'user', content: QUESTION }] }, once());
  const write = () => calls([{ name: 'code_interpreter', arguments: { code: CODE } }]);
  model.reset();
  model.scriptFor(lastIs('user', QUESTION), write(), write(), write());
  model.always(text('Done.'));
  if (before ?? meanwhile) {
    await rest(client, threadId, await startRun(client, threadId, { assistant_id: assistant.id }, streamed));
    await openai.beta.threads.messages.create(threadId, { role: 'user', content: QUESTION });
    await before?.();
    if (meanwhile) server.deployment.agentcore.plan('executeCode', { before: meanwhile });
  }
  saboteur.watch(...deaths);
  await startRun(client, threadId, { assistant_id: assistant.id }, streamed);
  const runId = (await runsOf(client, threadId)).at(-1)?.id ?? '';
  const { status } = await rest(client, threadId, runId);
  await server.deployment.quiet();
  const { data: messages } = await openai.beta.threads.messages.list(threadId, { run_id: runId });
  const ids = messages.flatMap(({ attachments }) => (attachments ?? []).map(({ file_id }) => file_id ?? ''));
  const files = await Promise.all(ids.map(async (id) => ({ filename: (await openai.files.retrieve(id)).filename, text: await (await openai.files.content(id)).text() })));
  return { threadId, runId, status, steps: await stepsOf(client, threadId, runId), files };
}

/** What the calls to AWS were, of a function, that have passed since it was asked to execute. */
export const points = ({ saboteur }: Scene, construct: string): string[] => saboteur.passed.filter((point) => point.startsWith(`${construct} `));

/** Nobody uses any session for as long as one is kept for: so many are left then. */
export async function leaveIdle({ client, server: { deployment } }: Scene, left: number): Promise<void> {
  // The second time for jobs that came a moment too early.
  for (let times = 0; times < 2; times++) await client.pass(IDLE_MS + 4000, IDLE_MS + 4000);
  await client.eventually(`${left} sessions are left`, () => Promise.resolve(deployment.agentcore.running === left ? true : undefined));
}

export async function endThread({ client, saboteur, server: { deployment } }: Scene, threadId: string): Promise<void> {
  saboteur.watch();
  await client.client.beta.threads.delete(threadId);
  await client.eventually('nothing is left of the thread', async () => ((await itemsOf(deployment, threadId)).length === 0 ? true : undefined));
}
