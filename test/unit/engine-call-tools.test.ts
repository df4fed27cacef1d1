/** Calls that endpoints answer beside the client: what the job does that asks them, and what becomes of it when the run goes on without it. */
import { describe, expect, it } from '@jest/globals';
import { cancelRun } from '../../shared/actions/cancel-run.ts';
import { deleteThread } from '../../shared/actions/delete-thread.ts';
import { submitToolOutputs } from '../../shared/actions/submit-tool-outputs.ts';
import type { Run } from '../../shared/domain/run.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { MAX_ATTEMPTS } from '../../shared/ports/queue.ts';
import { PROJECT } from './sample-records.ts';
import { ToolStage, calls, says } from './tool-stage.ts';

const DONE = { done: true };
const AGAIN_NOW = { done: false, againInMs: 0 };
const aborted = () => {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error('time is up')) };
};

describe('calls beside the client', () => {
  /** A run that waits for `here` of its client and for `near` and `far` of endpoints. */
  async function waiting(stage: ToolStage): Promise<Run> {
    stage.answers.push(calls('near', 'here', 'far'), says('Done.'));
    const run = await stage.newRun();
    await stage.drive(run);
    const after = await stage.run(run);
    expect(after).toMatchObject({ status: 'requires_action', round: 1 });
    return after;
  }
  const submit = (stage: ToolStage, run: Run) => submitToolOutputs(stage.world(), { projectId: PROJECT, threadId: run.threadId, runId: run.id }, [{ toolCallId: 'call_here', output: 'mine' }]);

  it('are the job’s to ask for, and whoever comes last sends the run on', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const calling = stage.handle(stage.callTools(run));
    const [near, far] = await stage.reached(2);
    near?.answer('found');
    await stage.done('save-outputs');
    await submit(stage, run);
    expect(await stage.run(run)).toMatchObject({ status: 'queued', stepId: (await stage.steps(run))[0]?.id });
    // A drive job finds nothing to do yet.
    expect(await stage.drive(run)).toEqual(DONE);
    expect((await stage.run(run)).status).toBe('queued');
    far?.answer('found too');
    expect(await calling).toEqual(DONE);
    const resumed = await stage.run(run);
    expect(resumed.status).toBe('queued');
    expect(resumed).not.toHaveProperty('stepId');
    expect(await stage.outputs(run)).toEqual(['found', 'mine', 'found too']);
    await stage.drive(resumed);
    expect((await stage.run(run)).status).toBe('completed');
  });

  it('that were asked for once are not asked for again by a job that comes twice', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const calling = stage.handle(stage.callTools(run));
    for (const { answer } of await stage.reached(2)) answer('found');
    await calling;
    expect(await stage.handle(stage.callTools(run))).toEqual(DONE);
    expect(stage.asked).toHaveLength(2);
    expect(await stage.outputs(run)).toEqual(['found', undefined, 'found']);
  });

  it('are left to the job that asks already, until its lease has lapsed', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const first = stage.handle(stage.callTools(run));
    const asked = await stage.reached(2);
    expect(await stage.handle(stage.callTools(run), { owner: 'second' })).toEqual({ done: false, againInMs: 30_000 });
    for (const { answer } of asked) answer('found');
    expect(await first).toEqual(DONE);
    expect(await stage.handle(stage.callTools(run), { owner: 'second' })).toEqual(DONE);
    expect(stage.asked).toHaveLength(2);
    expect(await stage.outputs(run)).toEqual(['found', undefined, 'found']);
  });

  it('that take longer than a lease are still the first job’s', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const first = stage.handle(stage.callTools(run));
    const asked = await stage.reached(2);
    await stage.clock.pass(60_000);
    expect(await stage.handle(stage.callTools(run), { owner: 'second' })).toMatchObject({ done: false });
    for (const { answer } of asked) answer('found');
    expect(await first).toEqual(DONE);
    expect(stage.asked).toHaveLength(2);
  });

  it('are given back with the time of whoever asked', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const time = aborted();
    const calling = stage.handle(stage.callTools(run), { giveBack: time.signal });
    const [near, far] = await stage.reached(2);
    near?.answer('found');
    await stage.done('save-outputs');
    time.abort();
    expect(await calling).toEqual(AGAIN_NOW);
    expect(far?.hungUp).toBe(true);
    const next = stage.handle(stage.callTools(run));
    (await stage.reached(3))[2]?.answer('found too');
    expect(await next).toEqual(DONE);
    expect(await stage.outputs(run)).toEqual(['found', undefined, 'found too']);
  });

  it('are asked for no longer when the run is cancelled, at once in this process', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const signals = new RunSignals();
    const calling = stage.handle(stage.callTools(run), { signals });
    const asked = await stage.reached(2);
    await cancelRun(stage.world(), PROJECT, run.threadId, run.id);
    signals.changed(run.id);
    expect(await calling).toEqual(DONE);
    expect(asked.map(({ hungUp }) => hungUp)).toEqual([true, true]);
    expect(await stage.outputs(run)).toEqual([undefined, undefined, undefined]);
  });

  it.each<[string, (stage: ToolStage, run: Run) => Promise<unknown>]>([
    ['cancelled', (stage, run) => cancelRun(stage.world(), PROJECT, run.threadId, run.id)],
    ['deleted with its thread', (stage, run) => deleteThread(stage.world(), PROJECT, run.threadId)],
  ])('are asked for no longer two seconds after the run was %s elsewhere', async (_, end) => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const calling = stage.handle(stage.callTools(run));
    const asked = await stage.reached(2);
    await end(stage, run);
    await stage.clock.pass(2000);
    expect(await calling).toEqual(DONE);
    expect(asked.map(({ hungUp }) => hungUp)).toEqual([true, true]);
    expect(stage.committed).not.toContain('save-outputs');
  });

  it('that come too late write nothing', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const calling = stage.handle(stage.callTools(run));
    const [near] = await stage.reached(2);
    await cancelRun(stage.world(), PROJECT, run.threadId, run.id);
    near?.answer('too late');
    expect(await calling).toEqual(DONE);
    expect(await stage.outputs(run)).toEqual([undefined, undefined, undefined]);
  });

  it('that come in the very moment of a cancellation write nothing', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const world = stage.world();
    const commit: typeof world.commit = async (change) => {
      // Between the look at the run and what was decided on it.
      if (change.name === 'save-outputs') await cancelRun(world, PROJECT, run.threadId, run.id).catch(() => undefined);
      await world.commit(change);
    };
    stage.world = () => ({ ...world, commit });
    const calling = stage.handle(stage.callTools(run));
    (await stage.reached(2))[0]?.answer('too late');
    expect(await calling).toEqual(DONE);
    expect(await stage.outputs(run)).toEqual([undefined, undefined, undefined]);
  });

  it('that nobody could ask for are answered with an error, and the run goes on', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    await submit(stage, run);
    expect(await stage.handle(stage.callTools(run), { attempt: MAX_ATTEMPTS + 1 })).toEqual(DONE);
    expect(await stage.outputs(run)).toEqual(['Error: the endpoint of "near" could not be asked.', 'mine', 'Error: the endpoint of "far" could not be asked.']);
    expect(stage.asked).toEqual([]);
    await stage.drive(await stage.run(run));
    expect((await stage.run(run)).status).toBe('completed');
  });

  it('wait for the commit that their job has overtaken, ever more rarely, and not for ever', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    const early = stage.callTools(run, 2);
    expect(await stage.handle(early)).toEqual({ done: false, againInMs: 500 });
    await stage.clock.pass(20_000);
    expect(await stage.handle(early)).toEqual({ done: false, againInMs: 10_000 });
    await stage.clock.pass(40_000);
    expect(await stage.handle(early)).toEqual(DONE);
    expect(await stage.handle({ ...stage.callTools(run), runId: 'run_nowhere' })).toEqual({ done: false, againInMs: 500 });
    expect(stage.asked).toEqual([]);
  });

  it('of an earlier round are nobody’s any more', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    expect(await stage.handle(stage.callTools(run, 0))).toEqual(DONE);
    expect(stage.asked).toEqual([]);
  });

  it('are done with: those of the driver, in the same round, are not the job’s', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    stage.answers.splice(0, 1, calls('near'), says('Done.'));
    const calling = stage.handle(stage.callTools(run));
    for (const { answer } of await stage.reached(2)) answer('found');
    await calling;
    await submit(stage, run);
    const driving = stage.drive(run);
    const own = (await stage.reached(3))[2];
    expect(await stage.handle(stage.callTools(run))).toEqual(DONE);
    expect(stage.asked).toHaveLength(3);
    own?.answer('found');
    await driving;
    expect((await stage.run(run)).status).toBe('completed');
  });

  it('are not asked for past the window', async () => {
    await using stage = await ToolStage.start('near', 'far');
    const run = await waiting(stage);
    stage.clock.advance(600_000);
    expect(await stage.handle(stage.callTools(run))).toEqual(DONE);
    expect(stage.asked).toEqual([]);
    expect(await stage.outputs(run)).toEqual([undefined, undefined, undefined]);
  });
});
