/** What every feed must tell of a project with a webhook endpoint: what was made, and what has changed its status, in order. */
import { beforeEach, expect, it } from '@jest/globals';
import type { Message } from '../../../shared/domain/message.ts';
import type { Thread } from '../../../shared/domain/thread.ts';
import { create, remove, update, type Write } from '../../../shared/ports/commit.ts';
import type { FeedEvent } from '../../../shared/ports/feed.ts';
import { aMessage, anAssistant, anExport, aRun, aStep, aThread, aWebhookEndpoint, text } from '../../support/records.ts';
import { failureOf, type Stage, until } from './stage.ts';
import { Told } from './told.ts';

const brief = ({ type, kind, record }: FeedEvent): string => `${type} ${kind}${'status' in record ? ` ${record.status}` : ''}`;

export function describeFeedChanges(stage: Stage): void {
  const commit = (...writes: Write[]) => stage.world.commit({ name: 'change', writes });
  const reach = (told: Told, count: number) => until(() => told.changes.length >= count, `${count} changes have been told`);
  beforeEach(() => stage.put('webhook_endpoint', aWebhookEndpoint()));

  it('tells each new thread, message and run as it was made, and when', async () => {
    const told = new Told(stage);
    const thread = aThread({ metadata: { '🧵': '\u0000' } });
    const [message, run] = [aMessage({ threadId: thread.id }), aRun('queued', { threadId: thread.id })];
    await commit(create('thread', thread));
    await commit(create('message', message));
    await commit(create('run', run));
    await reach(told, 3);
    const atMs = stage.world.clock.nowMs();
    expect(told.changes).toStrictEqual([
      { type: 'created', kind: 'thread', record: thread, atMs },
      { type: 'created', kind: 'message', record: message, atMs },
      { type: 'created', kind: 'run', record: run, atMs },
    ]);
  });

  it('tells of a run each new status, with what was before, and nothing that leaves it as it is', async () => {
    const told = new Told(stage);
    const run = aRun('queued');
    await commit(create('run', run));
    const claimed = update('run', run, aRun('in_progress', { id: run.id }));
    await commit(claimed);
    const renewed = update('run', claimed.record, { ...claimed.record, lease: { owner: 'another', untilMs: 1 } });
    await commit(renewed);
    const ended = update('run', renewed.record, aRun('completed', { id: run.id }));
    await commit(ended);
    await commit(update('run', ended.record, { ...ended.record, metadata: { is: 'over' } }));
    await told.fence();
    const atMs = stage.world.clock.nowMs();
    expect(told.changes).toStrictEqual([
      { type: 'created', kind: 'run', record: run, atMs },
      { type: 'updated', kind: 'run', record: claimed.record, before: run, atMs },
      { type: 'updated', kind: 'run', record: ended.record, before: renewed.record, atMs },
    ]);
  });

  it('tells of an export each new status', async () => {
    const told = new Told(stage);
    const queued = anExport('queued');
    await commit(create('export', queued));
    const begun = update('export', queued, anExport('in_progress', { id: queued.id }));
    await commit(begun);
    const further = update('export', begun.record, { ...begun.record, bytes: 1, cursor: 'x' });
    await commit(further);
    const completed = update('export', further.record, anExport('completed', { id: queued.id }));
    await commit(completed);
    await commit(remove('export', completed.record));
    await told.fence();
    expect(told.changes.map(brief)).toEqual(['updated export in_progress', 'updated export completed']);
    expect(told.changes[1]).toMatchObject({ record: completed.record, before: further.record });
  });

  it('tells nothing else', async () => {
    const told = new Told(stage);
    const [thread, message, step, assistant, run] = [aThread(), aMessage(), aStep('in_progress'), anAssistant(), aRun('completed')];
    await commit(create('thread', thread), create('message', message), create('step', step), create('assistant', assistant), create('run', run));
    await reach(told, 3);
    await commit(update('thread', thread, { ...thread, metadata: { a: 'b' } }), update('message', message, message), update('assistant', assistant, assistant), update('step', step, aStep('completed', { id: step.id })));
    await commit(remove('run', run), remove('step', { ...step, rev: 1 }), remove('assistant', { ...assistant, rev: 1 }), remove('message', { ...message, rev: 1 }));
    await told.fence();
    expect(told.changes.map(brief).toSorted()).toEqual(['created message completed', 'created run completed', 'created thread']);
  });

  it('tells nothing of a change that did not come about, however large', async () => {
    const told = new Told(stage);
    const thread = aThread();
    await stage.put('thread', thread);
    const run = aRun('queued');
    await failureOf(commit(create('run', run), create('thread', thread)));
    await failureOf(commit(update('run', run, aRun('in_progress', { id: run.id }))));
    const messages = Array.from({ length: 150 }, () => aMessage({ threadId: thread.id }));
    await failureOf(commit(create('thread', thread), ...messages.map((message) => create('message', message))));
    await stage.world.pass(stage.world.traits.feedRetryMs);
    await told.fence();
    expect(told.changes.map(brief)).toEqual(['created thread']);
  });

  it('tells all of a large change', async () => {
    const told = new Told(stage);
    const messages = Array.from({ length: 150 }, () => aMessage({ threadId: 'thread_large' }));
    const thread = aThread({ id: 'thread_large', lastMessageId: messages.at(-1)?.id });
    await commit(create('thread', thread), ...messages.map((message) => create('message', message)));
    for (let tries = 0; tries < 20 && told.changes.length < 151; tries++) await stage.world.pass(stage.world.traits.feedRetryMs);
    await reach(told, 151);
    expect(new Set(told.changes.map(({ record }) => record.id)).size).toBe(151);
  });

  it('tells the whole of what is large', async () => {
    const told = new Told(stage);
    const [message, run] = [aMessage({ content: [text('é'.repeat(500_000))] }), aRun('queued', { instructions: 'i'.repeat(256_000), tools: [{ type: 'function', function: { name: 'f', description: 'd'.repeat(300_000) } }] })];
    await commit(create('message', message));
    await commit(create('run', run));
    await reach(told, 2);
    expect(told.changes).toMatchObject([{ record: message }, { record: run }]);
    await commit(update('run', run, { ...run, ...aRun('failed', { id: run.id }), tools: run.tools, instructions: run.instructions ?? '' }));
    await reach(told, 3);
    expect(told.changes[2]).toMatchObject({ record: { status: 'failed' }, before: { id: run.id, status: 'queued', rev: 0 } });
  });

  it('tells a thread and what hangs under it in order of commit, up to its removal, also when its handler throws in between', async () => {
    let failures = 0;
    const told = new Told(stage, async (event) => {
      if (['created message completed', 'updated run completed'].includes(brief(event)) && failures++ % 2 === 0) throw new Error('not now');
    });
    const thread = aThread();
    const life = await liveThrough(stage, thread);
    for (let tries = 0; tries < 20 && told.removals.length === 0; tries++) await stage.world.pass(stage.world.traits.feedRetryMs);
    await told.fence();
    expect(told.changes.map(brief)).toEqual(life.flatMap((step) => (['created message completed', 'updated run completed'].includes(step) ? [step, step] : [step])));
  });

  it('holds up no thread for another', async () => {
    const [bad, good] = [aThread(), aThread()];
    const told = new Told(stage, ({ record }) => (record.id === bad.id ? Promise.reject(new Error('never')) : Promise.resolve()));
    await commit(create('thread', bad));
    await commit(create('message', aMessage({ threadId: bad.id })));
    await stage.put('thread', good);
    await stage.world.pass(stage.world.traits.feedRetryMs);
    if (stage.world.traits.feedIsParallel) await until(() => told.changes.some(({ record }) => record.id === good.id), 'the other thread is told');
    expect(told.changes.some(({ kind }) => kind === 'message')).toBe(false);
  });

  it('tells after a restart what it had not been able to tell, and at the same time as before', async () => {
    const told = new Told(stage, ({ kind }) => (kind === 'message' ? new Promise(() => undefined) : Promise.resolve()));
    const thread = aThread();
    const life = await liveThrough(stage, thread);
    await until(() => told.changes.some(({ kind }) => kind === 'message'), 'the message has been told');
    const first = told.changes.find(({ kind }) => kind === 'message');
    await stage.world.pass(60_000);
    await stage.reopen();
    const after = new Told(stage);
    await stage.world.pass(stage.world.traits.redeliveryMs);
    await after.fence();
    expect(after.changes.map(brief)).toEqual(life.slice(1));
    expect(after.changes[0]).toStrictEqual(first);
  });
}

/** All that can happen to a thread, one commit after the other; resolves to what is told of it. */
async function liveThrough(stage: Stage, thread: Thread): Promise<string[]> {
  const commit = (...writes: Write[]) => stage.world.commit({ name: 'live', writes });
  const message: Message = aMessage({ threadId: thread.id });
  const run = aRun('queued', { threadId: thread.id });
  await commit(create('thread', thread));
  await commit(create('message', message));
  await commit(create('run', run));
  const claimed = update('run', run, aRun('in_progress', { id: run.id, threadId: thread.id }));
  await commit(claimed);
  await commit(update('run', claimed.record, aRun('completed', { id: run.id, threadId: thread.id })));
  await commit(remove('thread', thread));
  return ['created thread', 'created message completed', 'created run queued', 'updated run in_progress', 'updated run completed', 'removed thread'];
}
