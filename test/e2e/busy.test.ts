/** More runs than the server drives at once: the only way to see one that is queued. */
import { describe, expect, test } from '@jest/globals';
import { type Step, hang, text } from '../support/scripted-model.ts';
import type { Run } from './clients/client.ts';
import { openai7 } from './clients/openai-7.ts';
import { RUN_WINDOW_MS, type Stage, eventually, ids, useStage } from './stage.ts';

/** As many as shared/embedded/queue.ts has under way. */
const AT_ONCE = 256;
/** So many runs take their time on a busy machine. */
const PATIENCE_MS = 90_000;

/** Keeps every hand of the server busy; the run that comes next has to wait. */
async function fillUp(stage: Stage, step: Step): Promise<{ assistant_id: string; busy: Run[] }> {
  stage.model.always(step);
  const { id } = await stage.newAssistant();
  const body = { assistant_id: id, thread: { messages: [{ role: 'user' as const, content: 'Hello' }] } };
  const busy = await Promise.all(Array.from({ length: AT_ONCE }, () => stage.threads.createAndRun(body)));
  await eventually('the model is asked by every run', () => Promise.resolve(stage.model.requests.length >= AT_ONCE || undefined));
  return { assistant_id: id, busy };
}

const hasEnded = (stage: Stage, { id, thread_id }: Run, status: Run['status']): Promise<Run> =>
  eventually(`the run is ${status}`, async () => {
    const run = await stage.runs.retrieve(id, { thread_id });
    return run.status === status ? run : undefined;
  });

describe('a busy server', () => {
  const use = useStage(openai7, { clocked: true });

  test('queues what it cannot drive yet, cancels it there, and streams all the same', async () => {
    const stage = use();
    const { assistant_id, busy } = await fillUp(stage, hang());
    const thread = await stage.newThread('Wait');
    const queued = await stage.runs.create(thread.id, { assistant_id });
    const seen = await stage.runs.retrieve(queued.id, { thread_id: thread.id });

    const cancelling = await stage.runs.cancel(queued.id, { thread_id: thread.id });
    // Looked at below: what has failed here must not keep the server busy for the next test.
    const cancelled = await hasEnded(stage, queued, 'cancelled').catch(() => undefined);
    stage.model.scriptFor(({ messages }) => messages.at(-1)?.content === 'Stream', text('At once.'));
    const streaming = await stage.newThread('Stream');
    const streamed = await stage.runs.stream(streaming.id, { assistant_id }).finalRun();
    for (const run of busy) await stage.runs.cancel(run.id, { thread_id: run.thread_id });
    for (const run of busy) await hasEnded(stage, run, 'cancelled');

    expect([queued.status, seen.status]).toEqual(['queued', 'queued']);
    expect(seen).toMatchObject({ started_at: null, usage: null, expires_at: seen.created_at + 600 });
    expect(cancelling.status).toBe('cancelling');
    expect(cancelled).toMatchObject({ started_at: null, usage: { total_tokens: 0 } });
    expect(streamed.status).toBe('completed');
    expect(stage.model.requests).toHaveLength(AT_ONCE + 1);
  }, PATIENCE_MS);

  test('goes on with the queued ones as others end, oldest first', async () => {
    const stage = use();
    const { assistant_id, busy } = await fillUp(stage, hang());
    const threads = [await stage.newThread('first'), await stage.newThread('second')];
    stage.model.scriptFor(({ messages }) => /first|second/.test(JSON.stringify(messages)), text('1'), text('2'));
    const waiting: Run[] = [];
    for (const { id } of threads) waiting.push(await stage.runs.create(id, { assistant_id }));
    expect((await Promise.all(waiting.map((run) => stage.runs.retrieve(run.id, { thread_id: run.thread_id })))).map(({ status }) => status)).toEqual(['queued', 'queued']);

    for (const run of busy) await stage.runs.cancel(run.id, { thread_id: run.thread_id });
    const done = await Promise.all(waiting.map((run) => hasEnded(stage, run, 'completed')));
    for (const run of busy) await hasEnded(stage, run, 'cancelled');

    expect(ids(done)).toEqual(ids(waiting));
    expect(stage.model.requests.slice(AT_ONCE).map(({ body }) => body.messages.at(-1)?.content)).toEqual(['first', 'second']);
  }, PATIENCE_MS);

  test('lets a run that was queued for ten minutes expire, and its thread be used', async () => {
    const stage = use();
    const { assistant_id, busy } = await fillUp(stage, hang());
    const thread = await stage.newThread('Wait');
    const queued = await stage.runs.create(thread.id, { assistant_id });

    await stage.server.jump(RUN_WINDOW_MS);
    const expired = await stage.runs.retrieve(queued.id, { thread_id: thread.id });
    await stage.messages.create(thread.id, { role: 'user', content: 'Never mind' });
    for (const run of busy) await hasEnded(stage, run, 'expired');

    expect(expired).toMatchObject({ status: 'expired', started_at: null, usage: { total_tokens: 0 } });
    expect(stage.model.requests).toHaveLength(AT_ONCE);
  }, PATIENCE_MS);
});
