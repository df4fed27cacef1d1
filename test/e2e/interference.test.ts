/** Runs that are cancelled, relabelled and deleted at any moment, streamed and polled: whatever happens, all ends well. */
import { describe, expect, test } from '@jest/globals';
import { calls, tokens } from '../support/scripted-model.ts';
import type { Run } from './clients/client.ts';
import { openai7 } from './clients/openai-7.ts';
import { type Stage, eventually, useStage } from './stage.ts';
import { read } from './streams.ts';
import { functionTool, outputsFor } from './tools.ts';

const RUNS = 100;
const AT_ONCE = 20;
const OVER: Run['status'][] = ['completed', 'cancelled'];
/** What a client may be told when somebody else is faster. */
const LEGAL = [
  /^400 Cannot cancel run with status '(cancelling|cancelled|completed)'\.$/,
  /^400 Runs in status "(queued|in_progress|cancelling|cancelled|completed)" do not accept tool outputs\.$/,
  /No (thread|run) found with id '(thread|run)_\w+'\./,
];

interface Plan {
  streamed: boolean;
  disturb: 'cancel' | 'delete' | 'relabel';
  afterMs: number;
}
/** Every combination, at moments spread over the life of a run. */
const planOf = (n: number): Plan => ({ streamed: n % 3 !== 0, disturb: (['cancel', 'delete', 'relabel', 'cancel'] as const)[n % 4] ?? 'cancel', afterMs: (n * 37) % 120 });

/** Begins a run, answers what it asks for, until it rests. */
async function drive(stage: Stage, where: { assistant_id: string; thread_id: string }, { streamed }: Plan): Promise<void> {
  const { assistant_id, thread_id } = where;
  if (streamed) await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));
  else await stage.runs.createAndPoll(thread_id, { assistant_id });
  const [run] = (await stage.runs.list(thread_id)).data;
  if (run?.status !== 'requires_action') return;
  const body = { thread_id, tool_outputs: outputsFor(run) };
  if (streamed) await read(await stage.runs.submitToolOutputs(run.id, { ...body, stream: true }));
  else await stage.runs.submitToolOutputsAndPoll(run.id, body);
}

async function disturb(stage: Stage, thread_id: string, { disturb: what, afterMs }: Plan): Promise<void> {
  // The moment is what is tried out here, not something that is waited for.
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const [run] = (await stage.runs.list(thread_id)).data;
  if (what === 'delete') await stage.threads.delete(thread_id);
  else if (run && what === 'cancel') await stage.runs.cancel(run.id, { thread_id });
  else if (run) await stage.runs.update(run.id, { thread_id, metadata: { disturbed: 'yes' } });
}

async function expectSettled(stage: Stage, thread_id: string): Promise<void> {
  const [run] = await eventually('the run is over', async () => {
    const { data } = await stage.runs.list(thread_id);
    return data.every(({ status }) => OVER.includes(status)) ? data : undefined;
  });
  if (!run) return;
  for (const { status } of await stage.stepsOf(run)) expect(['completed', 'cancelled']).toContain(status);
  await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
}

describe('runs that are disturbed', () => {
  const use = useStage(openai7);

  test.each([
    ['while they speak', () => tokens(40, { delayMs: 1 })],
    ['while they call functions', () => calls([{ name: 'a', arguments: {} }], { text: 'Let me see.' })],
  ])('%s end as they may, in order, and leave no trace of an error', async (_when, firstAnswer) => {
    const stage = use();
    stage.model.always(tokens(10));
    stage.model.scriptFor(({ messages }) => messages.at(-1)?.role === 'user', ...Array.from({ length: RUNS }, firstAnswer));
    const told: unknown[] = [];

    for (let from = 0; from < RUNS; from += AT_ONCE) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, n) => {
          const plan = planOf(from + n);
          const where = await stage.newPair({ tools: [functionTool('a')] });
          const outcomes = await Promise.allSettled([drive(stage, where, plan), disturb(stage, where.thread_id, plan)]);
          for (const outcome of outcomes) if (outcome.status === 'rejected') told.push(outcome.reason);
          if (plan.disturb !== 'delete') await expectSettled(stage, where.thread_id);
        }),
      );
    }

    for (const reason of told) expect(reason).toMatchObject({ message: expect.stringMatching(new RegExp(LEGAL.map(({ source }) => source).join('|'))) as unknown });
    // What was disturbed early enough has never asked the model.
    const problems = await stage.model.verify().then(() => [], (error: Error) => error.message.split('\n').slice(1));
    expect(problems.filter((line) => !line.startsWith('- step never used'))).toEqual([]);
    stage.model.reset();
  });
});
