import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { cancelRun } from '../../shared/actions/cancel-run.ts';
import { deleteThread } from '../../shared/actions/delete-thread.ts';
import type { Run } from '../../shared/domain/run.ts';
import { SandboxUnavailableError } from '../../shared/ports/sandbox.ts';
import { CodeStage, ONE_CALL, asks, code, says } from './code-stage.ts';
import { PROJECT } from './sample-records.ts';
import { endless } from './scripted-sandbox.ts';

// A run that is stopped while its code is at work, or its driver dies, or what it has made cannot be stored: nothing is left half-written.

interface Stopping {
  stage: CodeStage;
  run: Run;
  giveBack: AbortController;
}

const turns = async () => {
  for (let n = 0; n < 50; n++) await turn();
};

const ways = {
  async cancelled({ stage, run }: Stopping) {
    await cancelRun(stage.world(), PROJECT, run.threadId, run.id);
    stage.signals().changed(run.id);
  },
  expired: ({ stage }: Stopping) => Promise.resolve(stage.clock.advance(600_000)),
  'given back': ({ giveBack }: Stopping) => Promise.resolve(giveBack.abort()),
  async deleted({ stage, run }: Stopping) {
    await deleteThread(stage.world(), PROJECT, run.threadId);
    stage.signals().changed(run.id);
  },
};
type Way = keyof typeof ways;
const ENDINGS = ['cancelled', 'expired'] as const;

/** A run that was stopped while its first code was executed. */
async function stoppedInCode(stage: CodeStage, way: Way) {
  const { script, begun } = endless('half', ' of it');
  stage.answers.push(asks(code('a')));
  stage.sandbox.scripts.push(script);
  const run = await stage.newRun();
  const giveBack = new AbortController();
  const driving = stage.drive(run, 'first', giveBack.signal);
  await begun;
  await ways[way]({ stage, run, giveBack });
  return { run, outcome: await driving };
}

/** A run that was stopped while the second of its code's three files was kept. */
async function stoppedInKeeping(stage: CodeStage, way: Way) {
  stage.answers.push(asks(code('a')));
  stage.sandbox.scripts.push({ logs: 'all\n', images: [new Uint8Array(4)], writes: { 'a.csv': '1', 'b.csv': '2', 'c.csv': '3' } });
  const run = await stage.newRun();
  const giveBack = new AbortController();
  let kept = 0;
  stage.before = async ({ name }) => {
    if (name !== 'receive-content' || ++kept !== 3) return;
    await ways[way]({ stage, run, giveBack });
    await turns();
  };
  const outcome = await stage.drive(run, 'first', giveBack.signal);
  // The third of them is not even begun.
  return { run, outcome, kept };
}

const nothingLeft = async (stage: CodeStage) => expect([await stage.made(), await stage.incoming(), await stage.blobsLeft(), stage.logged]).toEqual([[], [], [], []]);

describe('a run that ends while its code is executed', () => {
  it.each(ENDINGS)('%s: its step has the logs so far, its session stays, the run pays for it', async (way) => {
    await using stage = await CodeStage.start();
    const { run } = await stoppedInCode(stage, way);
    const ended = await stage.runNow(run);
    expect(ended).toMatchObject({ status: way, codeSessions: 1, usage: ONE_CALL });
    expect(await stage.stepsOf(run)).toMatchObject([{ status: way, usage: ONE_CALL, details: { toolCalls: [{ id: 'call_0', input: 'a', outputs: [{ type: 'logs', logs: stage.toldLogs.join('') }] }] } }]);
    expect(stage.toldLogs.join('')).toBe('half of it');
    expect(await stage.sessionOf(run)).toMatchObject({ session: 'session-1' });
    expect(stage.events.at(-1)?.type).toBe(`thread.run.${way}`);
    await nothingLeft(stage);
  });

  it('with its thread: nothing of it is stored, and the session goes with the thread', async () => {
    await using stage = await CodeStage.start();
    const { run, outcome } = await stoppedInCode(stage, 'deleted');
    expect([outcome, await stage.stepsOf(run)]).toEqual([{ done: true }, []]);
    await nothingLeft(stage);
    expect([stage.sandbox.closed, stage.sandbox.live, await stage.sessionOf(run), await stage.runNow(run)]).toEqual([['session-1'], [], undefined, undefined]);
  });
});

describe('a run that ends while a session is begun for it', () => {
  it('leaves none that nobody knows of', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')));
    const run = await stage.newRun();
    stage.before = async ({ name }) => void (name === 'begin-session' && (await ways.cancelled({ stage, run, giveBack: new AbortController() })));
    await stage.drive(run);
    expect(await stage.runNow(run)).toMatchObject({ status: 'cancelled', usage: ONE_CALL });
    expect([stage.sandbox.closed, stage.sandbox.live, await stage.sessionOf(run), stage.logged]).toEqual([['session-1'], [], undefined, []]);
  });

  it('does not wait for one any longer', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')));
    for (let n = 0; n < 5; n++) stage.sandbox.failing.open.push(new SandboxUnavailableError('all sessions are at work', { mayPass: true }));
    const run = await stage.newRun();
    const driving = stage.drive(run);
    await stage.clock.pass(1000);
    await ways.cancelled({ stage, run, giveBack: new AbortController() });
    await driving;
    expect([(await stage.runNow(run)).status, stage.sandbox.failing.open.length, stage.logged]).toEqual(['cancelled', 2, []]);
  });
});

describe('a run that ends while files of its code are kept', () => {
  it.each(ENDINGS)('%s: its step has all the logs, and no file', async (way) => {
    await using stage = await CodeStage.start();
    const { run, kept } = await stoppedInKeeping(stage, way);
    expect([kept, (await stage.runNow(run)).status]).toEqual([3, way]);
    const [call] = await stage.callsOf(run);
    expect([call?.outputs, call?.files]).toEqual([[{ type: 'logs', logs: 'all\n' }], undefined]);
    expect(await stage.sessionOf(run)).toMatchObject({ session: 'session-1', written: [] });
    await nothingLeft(stage);
  });

  it.each(['given back', 'deleted'] as const)('%s: nothing is stored', async (way) => {
    await using stage = await CodeStage.start();
    const { run, outcome, kept } = await stoppedInKeeping(stage, way);
    expect([kept, outcome.done, await stage.stepsOf(run)]).toEqual([3, way === 'deleted', []]);
    await nothingLeft(stage);
  });
});

describe('a run whose driver leaves it while its code is executed', () => {
  const AGAIN = [asks(code('a again')), says('Done.')];

  async function finish(stage: CodeStage, run: Run) {
    stage.answers.push(...AGAIN);
    stage.sandbox.scripts.push({ logs: 'all', writes: { 'a.csv': '1' } });
    expect(await stage.drive(run, 'second')).toEqual({ done: true });
    expect(await stage.runNow(run)).toMatchObject({ status: 'completed', codeSessions: 1, usage: { promptTokens: 20 } });
    expect((await stage.stepsOf(run)).map(({ details, status }) => [details.type, status])).toEqual([['tool_calls', 'completed'], ['message_creation', 'completed']]);
    expect(await stage.callsOf(run)).toMatchObject([{ input: 'a again', outputs: [{ logs: 'all' }], files: [{ path: 'a.csv' }] }]);
    expect([stage.sandbox.executed.map(({ session }) => session), (await stage.made()).length, await stage.incoming()]).toEqual([['session-1', 'session-1'], 1, []]);
    expect(stage.requests[1]).toEqual(stage.requests[0]);
  }

  it('because its time is up: the next one asks the model again at once', async () => {
    await using stage = await CodeStage.start();
    const { run, outcome } = await stoppedInCode(stage, 'given back');
    expect([outcome, await stage.stepsOf(run)]).toEqual([{ done: false, againInMs: 0 }, []]);
    await finish(stage, run);
  });

  it('because it dies: the next one does when the lease has lapsed', async () => {
    await using stage = await CodeStage.start();
    const { script, begun } = endless('half');
    stage.answers.push(asks(code('a')));
    stage.sandbox.scripts.push(script);
    const run = await stage.newRun();
    void stage.drive(run, 'first');
    await begun;
    stage.dead.add('first');
    expect(await stage.drive(run, 'second')).toEqual({ done: false, againInMs: 30_000 });
    stage.clock.advance(30_000);
    await finish(stage, run);
  });
});

describe('what an execution has made', () => {
  it('is stored by the driver that had it executed, who keeps its lease as long as that takes', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    stage.sandbox.scripts.push(async () => {
      begun.resolve();
      await over.promise;
      return { logs: 'x', writes: { 'a.csv': '1' } };
    });
    const run = await stage.newRun();
    const driving = stage.drive(run);
    await begun.promise;
    for (let passed = 0; passed < 100_000; passed += 10_000) {
      await stage.clock.pass(10_000);
      expect(await stage.drive(run, 'second')).toMatchObject({ done: false });
    }
    over.resolve();
    await driving;
    expect([(await stage.runNow(run)).status, (await stage.callsOf(run)).length, (await stage.made()).length, stage.requests.length]).toEqual(['completed', 1, 1, 2]);
  });

  it('is stored once, although the run was changed in between', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    stage.sandbox.scripts.push({ logs: 'x', images: [new Uint8Array(4)], writes: { 'a.csv': '1' } });
    const created = await stage.newRun();
    let tries = 0;
    stage.before = async ({ name }) => void (name === 'save-code' && ++tries < 3 && (await stage.relabel(created)));
    const run = await stage.driven(created);
    expect(run).toMatchObject({ status: 'completed', metadata: { by: 'rival' }, usage: { promptTokens: 20 } });
    expect([tries, (await stage.callsOf(run)).length, (await stage.made()).length, (await stage.blobsLeft()).length, await stage.incoming()]).toEqual([3, 1, 2, 2, []]);
    expect(stage.outputsTold).toHaveLength(2);
  });

  it('is not there at all when it cannot be stored', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')));
    stage.sandbox.scripts.push({ logs: 'x', images: [new Uint8Array(4)], writes: { 'a.csv': '1' } });
    stage.before = ({ name }) => (name === 'save-code' ? Promise.reject(new Error('the disk is full')) : Promise.resolve());
    const run = await stage.driven(await stage.newRun());
    expect(run).toMatchObject({ status: 'failed', usage: ONE_CALL });
    expect(await stage.callsOf(run)).toEqual([{ id: 'call_0', type: 'code_interpreter', input: 'a', outputs: [{ type: 'logs', logs: 'x' }] }]);
    expect([stage.outputsTold.length, (await stage.sessionOf(run))?.written]).toEqual([1, []]);
    expect(stage.logged.splice(0)).toEqual(['job_failed']);
    await nothingLeft(stage);
  });

  it('has the usage of its answer, also when the run is given back before the answer’s next code has run', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a'), code('b')), says('Done.'));
    const { script, begun } = endless('half');
    stage.sandbox.scripts.push({ logs: 'A' }, script);
    const run = await stage.newRun();
    const giveBack = new AbortController();
    const driving = stage.drive(run, 'first', giveBack.signal);
    await begun;
    giveBack.abort();
    await driving;
    expect(await stage.runNow(run)).toMatchObject({ status: 'in_progress', usage: ONE_CALL });
    const done = await stage.driven(run);
    expect(done).toMatchObject({ status: 'completed', usage: { promptTokens: 20, completionTokens: 6 } });
    expect((await stage.stepsOf(done)).map(({ usage }) => usage?.promptTokens)).toEqual([10, 10]);
  });

  it('is there although somebody ends the run right behind it', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a'), code('b')));
    const { script, begun } = endless('half');
    stage.sandbox.scripts.push({ writes: { 'a.csv': '1' } }, script);
    const run = await stage.newRun();
    const driving = stage.drive(run);
    await begun;
    await ways.cancelled({ stage, run, giveBack: new AbortController() });
    await driving;
    expect((await stage.stepsOf(run)).map(({ status, usage }) => [status, usage?.promptTokens])).toEqual([['completed', 10], ['cancelled', 0]]);
    expect((await stage.made()).map(({ filename }) => filename)).toEqual(['a.csv']);
    expect(await stage.runNow(run)).toMatchObject({ status: 'cancelled', usage: ONE_CALL });
  });
});
