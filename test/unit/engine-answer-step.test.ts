/** Calls that endpoints of the project answer, all of them: what the run's driver stores when, and what becomes of it when the driver goes away. */
import { describe, expect, it } from '@jest/globals';
import { ToolStage, calls, says } from './tool-stage.ts';

const DONE = { done: true };
const AGAIN_NOW = { done: false, againInMs: 0 };
const aborted = () => {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error('time is up')) };
};

describe('a run whose calls endpoints answer alone', () => {
  it('that calls nothing asks nobody, and costs nothing', async () => {
    await using stage = await ToolStage.start('near');
    stage.answers.push(says('Hello.'));
    const run = await stage.newRun();
    expect(await stage.drive(run)).toEqual(DONE);
    expect(stage.committed).not.toContain('dispatch-calls');
    expect((await stage.run(run)).status).toBe('completed');
  });

  it('is stored before anybody is asked, and waits in progress', async () => {
    await using stage = await ToolStage.start('near');
    stage.answers.push(calls('near'), says('Done.'));
    const run = await stage.newRun();
    const driving = stage.drive(run);
    await stage.reached(1);
    const [step] = await stage.steps(run);
    expect(await stage.run(run)).toMatchObject({ status: 'in_progress', stepId: step?.id, round: 0, usage: { promptTokens: 10 } });
    expect(step).toMatchObject({ status: 'in_progress', usage: { promptTokens: 10 }, details: { toolCalls: [{ id: 'call_near', calledBy: 'driver' }] } });
    stage.asked[0]?.answer('found');
    expect(await driving).toEqual(DONE);
    const after = await stage.run(run);
    expect(after).toMatchObject({ status: 'completed', usage: { promptTokens: 20 } });
    expect(after).not.toHaveProperty('stepId');
    expect(stage.committed.filter((name) => /call/.test(name))).toEqual(['dispatch-calls', 'complete-calls']);
  });

  it('is given back, and the next driver asks only for what is missing', async () => {
    await using stage = await ToolStage.start('near', 'far');
    stage.answers.push(calls('near', 'far'), says('Done.'));
    const run = await stage.newRun();
    const time = aborted();
    const driving = stage.drive(run, { giveBack: time.signal });
    const [near, far] = await stage.reached(2);
    near?.answer('found');
    await stage.done('save-outputs');
    time.abort();
    expect(await driving).toEqual(AGAIN_NOW);
    expect(far?.hungUp).toBe(true);
    expect(await stage.outputs(run)).toEqual(['found', undefined]);

    const next = stage.drive(run, { owner: 'second' });
    const again = (await stage.reached(3))[2];
    expect([again?.name, again?.id]).toEqual(['far', far?.id]);
    expect(new Set([near?.id, far?.id]).size).toBe(2);
    again?.answer('found too');
    expect(await next).toEqual(DONE);
    expect(await stage.outputs(run)).toEqual(['found', 'found too']);
    expect((await stage.run(run)).status).toBe('completed');
    // Two calls of the model: the one that called, and the last word.
    expect(stage.requests).toHaveLength(2);
    expect(stage.asked).toHaveLength(3);
  });

  it('that is answered all at one moment is stored once', async () => {
    await using stage = await ToolStage.start('near', 'far', 'here');
    stage.answers.push(calls('near', 'far', 'here'), says('Done.'));
    const run = await stage.newRun();
    const driving = stage.drive(run);
    const asked = await stage.reached(3);
    for (const { answer, name } of asked) answer(`from ${name}`);
    await driving;
    expect(await stage.outputs(run)).toEqual(['from near', 'from far', 'from here']);
    expect(stage.committed.filter((name) => /outputs|calls/.test(name))).toEqual(['dispatch-calls', 'complete-calls']);
  });

  it('ends as failed when its outputs cannot be stored, and hangs up on the others', async () => {
    await using stage = await ToolStage.start('near', 'far');
    stage.answers.push(calls('near', 'far'));
    const run = await stage.newRun();
    const world = stage.world();
    const commit: typeof world.commit = (change) => (change.name === 'save-outputs' ? Promise.reject(new Error('disk full')) : world.commit(change));
    stage.world = () => ({ ...world, commit });
    const driving = stage.drive(run);
    const [near, far] = await stage.reached(2);
    near?.answer('found');
    expect(await driving).toEqual(DONE);
    expect(far?.hungUp).toBe(true);
    expect((await stage.run(run)).status).toBe('failed');
    expect(await stage.steps(run)).toMatchObject([{ status: 'failed' }]);
  });

  it('takes no more than four megabytes from all of them together', async () => {
    await using stage = await ToolStage.start('near', 'far', 'here');
    stage.answers.push(calls('near', 'far', 'here'), says('Done.'));
    const run = await stage.newRun();
    const driving = stage.drive(run);
    const [near, far, here] = await stage.reached(3);
    near?.answer('é'.repeat(1_500_000));
    far?.answer('x'.repeat(1_500_000));
    here?.answer('little');
    await driving;
    const [large, tooLarge, little] = await stage.outputs(run);
    expect([large?.length, tooLarge, little]).toEqual([1_500_000, expect.stringMatching(/^Error: the endpoint of "far" answered with more than is left of the 4194304 bytes/), 'little']);
    expect((await stage.run(run)).status).toBe('completed');
  });

  it('leaves all calls to the client where endpoints are not offered yet', async () => {
    await using stage = await ToolStage.start('near');
    stage.answers.push(calls('near'));
    const run = await stage.newRun();
    await stage.drive(run, { lacks: ['tool_endpoints'] });
    expect((await stage.run(run)).status).toBe('requires_action');
    expect(stage.asked).toEqual([]);
  });
});
