import { describe, expect, it } from '@jest/globals';
import { deleteThread } from '../../shared/actions/delete-thread.ts';
import { CODE_SESSION_IDLE_MS } from '../../shared/domain/code-session.ts';
import type { Run } from '../../shared/domain/run.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import type { World } from '../../shared/ports/world.ts';
import { CodeStage, asks, code, says } from './code-stage.ts';
import { PROJECT } from './sample-records.ts';

// How a thread's session ends: when nobody has used it for a while, and with its thread.

const DONE = { done: true };

/** A run that has executed code once, on a new thread or on this one. */
async function ranCode(stage: CodeStage, threadId?: string): Promise<Run> {
  stage.answers.push(asks(code('a')), says('Done.'));
  stage.sandbox.scripts.push({ writes: { [`${stage.sandbox.executed.length}.csv`]: '1' } });
  return stage.driven(await stage.newRun(threadId === undefined ? {} : { threadId }));
}

const endIdle = (stage: CodeStage, { threadId }: Run, session: string, world: Partial<World> = {}) =>
  handleJob({ ...stage.world(), ...world }, new RunSignals(), { job: { type: 'end-session', projectId: PROJECT, threadId, session, dueMs: stage.clock.nowMs() }, attempt: 1 });

describe('the job that ends an idle session', () => {
  it('comes with the session, and ends it when its time has come: files stay known, and the next code begins another', async () => {
    await using stage = await CodeStage.start();
    const run = await ranCode(stage);
    expect(stage.jobs).toContainEqual({ name: `session:${run.threadId}:${run.createdAtMs}`, job: { type: 'end-session', projectId: PROJECT, threadId: run.threadId, session: 'session-1', dueMs: run.createdAtMs + CODE_SESSION_IDLE_MS }, dueMs: run.createdAtMs + CODE_SESSION_IDLE_MS });
    stage.clock.advance(CODE_SESSION_IDLE_MS);
    expect(await endIdle(stage, run, 'session-1')).toEqual(DONE);
    const record = await stage.sessionOf(run);
    expect([record?.session, record?.mounted, record?.written.map(({ path }) => path), stage.sandbox.live]).toEqual([undefined, [], ['0.csv'], []]);

    await ranCode(stage, run.threadId);
    expect([(await stage.sessionOf(run))?.session, stage.sandbox.filesOf('session-2')]).toEqual(['session-2', { '0.csv': '1', '1.csv': '1' }]);
  });

  it('comes again when the session was used meanwhile', async () => {
    await using stage = await CodeStage.start();
    const run = await ranCode(stage);
    stage.clock.advance(600_000);
    await ranCode(stage, run.threadId);
    stage.clock.advance(CODE_SESSION_IDLE_MS - 600_000);
    expect(await endIdle(stage, run, 'session-1')).toEqual({ done: false, againInMs: 600_000 });
    expect([stage.sandbox.live, (await stage.sessionOf(run))?.session]).toEqual([['session-1'], 'session-1']);
    stage.clock.advance(600_000);
    expect(await endIdle(stage, run, 'session-1')).toEqual(DONE);
    expect(stage.sandbox.live).toEqual([]);
  });

  it('of another session closes that one alone', async () => {
    await using stage = await CodeStage.start();
    const run = await ranCode(stage);
    const stray = await stage.sandbox.open();
    const before = await stage.sessionOf(run);
    stage.clock.advance(CODE_SESSION_IDLE_MS);
    expect(await endIdle(stage, run, stray)).toEqual(DONE);
    expect([stage.sandbox.closed, stage.sandbox.live, await stage.sessionOf(run)]).toEqual([[stray], ['session-1'], before]);
  });

  it('of a thread that is gone closes its session', async () => {
    await using stage = await CodeStage.start();
    const stray = await stage.sandbox.open();
    expect(await endIdle(stage, { threadId: 'thread_gone' } as Run, stray)).toEqual(DONE);
    expect(stage.sandbox.live).toEqual([]);
  });

  it('looks again when the session is used at that moment', async () => {
    await using stage = await CodeStage.start();
    const run = await ranCode(stage);
    stage.clock.advance(CODE_SESSION_IDLE_MS);
    let isFirst = true;
    stage.before = async ({ name }) => {
      if (name !== 'end-session' || !isFirst) return;
      isFirst = false;
      await ranCode(stage, run.threadId);
    };
    expect(await endIdle(stage, run, 'session-1')).toEqual({ done: false, againInMs: CODE_SESSION_IDLE_MS });
    expect([stage.sandbox.live, stage.sandbox.closed]).toEqual([['session-1'], []]);
  });

  it('is done although the session cannot be closed, or there is no sandbox any more', async () => {
    await using stage = await CodeStage.start();
    const run = await ranCode(stage);
    stage.clock.advance(CODE_SESSION_IDLE_MS);
    stage.sandbox.failing.close.push(new Error('no answer'));
    expect(await endIdle(stage, run, 'session-1')).toEqual(DONE);
    expect([stage.logged, (await stage.sessionOf(run))?.session]).toEqual([['sandbox_not_ended'], undefined]);
    expect(await endIdle(stage, run, 'session-1', { sandbox: undefined })).toEqual(DONE);
    expect(stage.logged).toEqual(['sandbox_not_ended']);
  });
});

describe('the removal of a thread', () => {
  it.each([
    ['ends its session', [], []],
    ['is not held up by one that cannot be closed', [new Error('no answer')], ['sandbox_not_ended']],
  ])('%s, and its record goes', async (_, failing, logged) => {
    await using stage = await CodeStage.start();
    const [run, other] = [await ranCode(stage), await ranCode(stage)];
    stage.sandbox.failing.close.push(...failing);
    await deleteThread(stage.world(), PROJECT, run.threadId);
    await stage.blobsLeft();
    expect([stage.sandbox.closed, await stage.sessionOf(run), (await stage.sessionOf(other))?.session, stage.logged]).toEqual([['session-1'], undefined, 'session-2', logged]);
  });

  it('takes also the record of a session that has ended', async () => {
    await using stage = await CodeStage.start();
    const run = await ranCode(stage);
    stage.clock.advance(CODE_SESSION_IDLE_MS);
    await endIdle(stage, run, 'session-1');
    await deleteThread(stage.world(), PROJECT, run.threadId);
    await stage.blobsLeft();
    expect([stage.sandbox.closed, await stage.sessionOf(run)]).toEqual([['session-1'], undefined]);
  });
});
