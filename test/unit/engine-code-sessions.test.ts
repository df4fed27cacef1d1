import { describe, expect, it } from '@jest/globals';
import { deleteFile } from '../../shared/actions/delete-file.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import { MOST_SANDBOX_FILE_BYTES, SandboxFileError, SandboxUnavailableError, SessionGoneError } from '../../shared/ports/sandbox.ts';
import { CodeStage, asks, code, says } from './code-stage.ts';
import { PROJECT } from './sample-records.ts';
import type { Script } from './scripted-sandbox.ts';

// A thread's session: what is put into it, when another one is begun, and what becomes of code for which there is none.

const BEGUN_ANEW = 'The session was begun anew: variables of earlier calls are gone. Files are there.';
const NOT_EXECUTED = 'Error: the code could not be executed. Say so if you cannot answer without it.';
const gone = (stage: CodeStage, ...said: string[]): Script => ({ session, onLogs }) => {
  for (const text of said) onLogs?.(text);
  stage.sandbox.end(session);
  return Promise.reject(new SessionGoneError('gone'));
};

describe('a session', () => {
  it('has the files that were given to the code, once, and links by their names', async () => {
    await using stage = await CodeStage.start();
    const [one, two] = [await stage.newFile('data.csv', '1,2'), await stage.newFile('a b.txt', 'hi')];
    stage.answers.push(asks(code('a'), code('b')), says('Done.'));
    stage.sandbox.scripts.push({}, {});
    const run = await stage.driven(await stage.newRun({ files: [one, two] }));
    expect(stage.sandbox.filesOf('session-1')).toEqual({ [one.id]: '1,2', [two.id]: 'hi' });
    expect(stage.sandbox.linked).toHaveLength(1);
    for (const file of [one, two]) expect(stage.sandbox.linked[0]).toContain(`/mnt/data/${file.filename}`);
    expect((await stage.sessionOf(run))?.mounted).toEqual([one.id, two.id]);
    const [offered] = stage.requests[0]?.tools ?? [];
    expect(offered?.type === 'function' && offered.function.description).toContain(`\n/mnt/data/${one.id} ("data.csv", 3 bytes)\n/mnt/data/${two.id} ("a b.txt", 2 bytes)`);
  });

  it('does without a file that it cannot take, and the model is told', async () => {
    await using stage = await CodeStage.start();
    const file = await stage.newFile('data.csv', '1,2');
    stage.answers.push(asks(code('a')), says('Done.'));
    stage.sandbox.failing.put.push(new SandboxFileError('it is cursed'));
    stage.sandbox.scripts.push({ logs: 'x' });
    const run = await stage.driven(await stage.newRun({ files: [file] }));
    expect([run.status, stage.shown]).toEqual(['completed', ['"data.csv" is not there: it is cursed.\n\nx']]);
  });

  it.each([
    ['while code is executed', async (stage: CodeStage) => Promise.resolve(void stage.sandbox.scripts.push(gone(stage, 'half ')))],
    ['before', async (stage: CodeStage) => Promise.resolve(stage.sandbox.end('session-1'))],
  ])('that has ended %s is begun anew with all files, and the model is told', async (_, end) => {
    await using stage = await CodeStage.start();
    const file = await stage.newFile('data.csv', '1,2');
    stage.answers.push(asks(code('a')), says('One.'), asks(code('b')), says('Two.'));
    stage.sandbox.scripts.push({ writes: { 'out.csv': '3' } });
    const first = await stage.driven(await stage.newRun({ files: [file] }));
    await end(stage);
    stage.sandbox.scripts.push({ logs: 'whole' });
    const run = await stage.driven(await stage.newRun({ threadId: first.threadId }));

    expect([run.status, run.codeSessions, stage.sandbox.live]).toEqual(['completed', 1, ['session-2']]);
    const [written] = await stage.made();
    expect(stage.sandbox.filesOf('session-2')).toEqual({ [file.id]: '1,2', 'out.csv': '3' });
    expect(await stage.sessionOf(run)).toMatchObject({ session: 'session-2', mounted: [file.id, written?.id], written: [{ path: 'out.csv', fileId: written?.id }] });
    const [call] = await stage.callsOf(run);
    expect([call?.note, stage.shown[0]?.startsWith(`${BEGUN_ANEW}\n\n`)]).toEqual([BEGUN_ANEW, true]);
    expect(call?.outputs).toEqual([{ type: 'logs', logs: stage.toldLogs.join('') }]);
    expect(stage.toldLogs.at(-1)).toBe('whole');
  });

  it('begun anew has the newest fifty of what code has written', async () => {
    await using stage = await CodeStage.start();
    const names = (from: number) => Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`f${n + from}`, `${n + from}`]));
    stage.answers.push(asks(code('a'), code('b')), says('One.'), asks(code('c')), says('Two.'));
    stage.sandbox.scripts.push({ writes: names(10) }, { writes: names(40) }, {});
    const first = await stage.driven(await stage.newRun());
    stage.sandbox.end('session-1');
    const run = await stage.driven(await stage.newRun({ threadId: first.threadId }));
    expect((await stage.callsOf(run))[0]?.note).toBe(`${BEGUN_ANEW}\n10 of the files that code has written before are not there any more.`);
    expect(Object.keys(stage.sandbox.filesOf('session-2') ?? {}).toSorted()).toEqual(Array.from({ length: 50 }, (_, n) => `f${n + 20}`));
  });

  it('begun anew has what there still is: the model is told of a file that was deleted, and of one that is too large', async () => {
    await using stage = await CodeStage.start();
    const large = await stage.newFile('large.csv', '1,2', MOST_SANDBOX_FILE_BYTES + 1);
    stage.answers.push(asks(code('a')), says('One.'), asks(code('b')), says('Two.'));
    stage.sandbox.scripts.push({ writes: { 'gone.csv': '3', 'out.csv': '4' } }, {});
    const first = await stage.driven(await stage.newRun({ files: [large] }));
    const notThere = `"large.csv" is not there: it has ${MOST_SANDBOX_FILE_BYTES + 1} bytes, and ${MOST_SANDBOX_FILE_BYTES} are the most.`;
    expect((await stage.callsOf(first))[0]?.note).toBe(notThere);
    const deleted = (await stage.made()).find(({ filename }) => filename === 'gone.csv');
    await deleteFile(stage.world(), PROJECT, deleted?.id ?? '');
    stage.sandbox.end('session-1');
    const run = await stage.driven(await stage.newRun({ threadId: first.threadId }));
    expect((await stage.callsOf(run))[0]?.note).toBe([BEGUN_ANEW, notThere, '1 of the files that code has written before are not there any more.'].join('\n'));
    expect(stage.sandbox.filesOf('session-2')).toEqual({ 'out.csv': '4' });
  });

  it('that ends while files are put into it is begun anew too', async () => {
    await using stage = await CodeStage.start();
    const file = await stage.newFile('data.csv', '1,2');
    stage.answers.push(asks(code('a')), says('Done.'));
    stage.sandbox.failing.put.push(new SessionGoneError('gone'));
    stage.sandbox.scripts.push({});
    const run = await stage.driven(await stage.newRun({ files: [file] }));
    expect([run.status, stage.sandbox.executed]).toEqual(['completed', [{ session: 'session-2', code: 'a' }]]);
    expect([stage.sandbox.filesOf('session-2'), stage.logged]).toEqual([{ [file.id]: '1,2' }, []]);
  });

  it('is begun anew three times at most for one call', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    for (let n = 0; n < 4; n++) stage.sandbox.scripts.push(gone(stage, `${n}`));
    const run = await stage.driven(await stage.newRun());
    expect([run.status, stage.sandbox.opened, stage.shown, stage.logged]).toEqual(['completed', 4, [`0123\n${NOT_EXECUTED}`], ['code_not_executed']]);
    expect(stage.toldLogs.join('')).toBe(`0123\n${NOT_EXECUTED}`);
  });

  it('ends with an execution: its images are kept, its files are not, and the next call has another one', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), asks(code('b')), says('Done.'));
    stage.sandbox.scripts.push({ isOver: true, outcome: 'timed_out', images: [new Uint8Array(4)], writes: { 'a.csv': '1' } }, { logs: 'b' });
    const run = await stage.driven(await stage.newRun());
    const [first, second] = await stage.callsOf(run);
    expect(first?.outputs).toMatchObject([{ logs: expect.stringMatching(/^\[The code was stopped: .* and so is what was written by this call\.\]\n\[Not kept for the user: a\.csv\.\]\n$/) }, { type: 'image' }]);
    expect([first?.files, first?.note, second?.note, stage.sandbox.executed.map(({ session }) => session)]).toEqual([undefined, undefined, BEGUN_ANEW, ['session-1', 'session-2']]);
    expect((await stage.made()).map(({ bytes }) => bytes)).toEqual([4]);
    // Nobody had to find out that it is gone.
    expect([stage.sandbox.reads, stage.committed.includes('forget-session')]).toEqual([[], false]);
    expect(await stage.sessionOf(run)).toMatchObject({ session: 'session-2', written: [], mounted: [] });
  });

  it('is ended again when it cannot be written down', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    stage.before = ({ name }) => (name === 'begin-session' ? Promise.reject(new Error('the disk is full')) : Promise.resolve());
    const run = await stage.driven(await stage.newRun());
    expect([run.status, stage.shown, stage.logged]).toEqual(['completed', [NOT_EXECUTED], ['code_not_executed']]);
    expect([stage.sandbox.closed, stage.sandbox.live, await stage.sessionOf(run)]).toEqual([['session-1'], [], undefined]);
  });
});

describe('where there is no session to be had', () => {
  const busy = () => new SandboxUnavailableError('all sessions are at work', { mayPass: true });

  it('one is waited for', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    stage.sandbox.failing.open.push(busy(), busy());
    stage.sandbox.scripts.push({ logs: 'x' });
    const run = await stage.newRun();
    const driving = stage.drive(run);
    await stage.clock.pass(900);
    expect(stage.sandbox.opened).toBe(0);
    await stage.clock.pass(100);
    await driving;
    expect([(await stage.runNow(run)).status, stage.shown, stage.logged]).toEqual(['completed', ['x'], []]);
  });

  it('for a minute, and then the model is told', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    for (let n = 0; n < 120; n++) stage.sandbox.failing.open.push(busy());
    const run = await stage.newRun();
    const driving = stage.drive(run);
    await stage.clock.pass(59_000);
    expect([stage.requests.length, stage.sandbox.failing.open.length]).toEqual([1, 1]);
    await stage.clock.pass(1000);
    await driving;
    expect(await stage.runNow(run)).toMatchObject({ status: 'completed' });
    expect([stage.shown, stage.logged, (await stage.callsOf(run))[0]?.outputs]).toEqual([[NOT_EXECUTED], ['code_not_executed'], [{ type: 'logs', logs: NOT_EXECUTED }]]);
  });

  it('for a minute by the clock, also when nobody answers; one that comes later is closed', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    const { promise, resolve } = Promise.withResolvers<void>();
    stage.sandbox.opening = promise;
    const run = await stage.newRun();
    const driving = stage.drive(run);
    await stage.clock.pass(59_999);
    expect(stage.logged).toEqual([]);
    await stage.clock.pass(1);
    await driving;
    expect([(await stage.runNow(run)).status, stage.shown, stage.sandbox.closed]).toEqual(['completed', [NOT_EXECUTED], []]);
    resolve();
    await stage.clock.pass(1);
    expect([stage.sandbox.closed, stage.sandbox.live]).toEqual([['session-1'], []]);
  });

  it.each<[string, (stage: CodeStage) => void]>([
    ['none will be', (stage) => stage.sandbox.failing.open.push(new SandboxUnavailableError('there is no Python'))],
    ['nobody knows why', (stage) => stage.sandbox.failing.open.push(new Error('what?'))],
    ['the execution itself goes wrong', (stage) => stage.sandbox.scripts.push(() => Promise.reject(new Error('what?')))],
  ])('and %s: the model is told at once, and the run goes on', async (_, fail) => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), asks(code('b')), says('Done.'));
    fail(stage);
    stage.sandbox.scripts.push({ logs: 'B' });
    const run = await stage.driven(await stage.newRun());
    expect([run.status, stage.shown, stage.logged]).toEqual(['completed', [NOT_EXECUTED, 'B'], ['code_not_executed']]);
    expect(stage.toldLogs).toEqual([NOT_EXECUTED, 'B']);
  });

  it('because this process has no sandbox: likewise', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    const run = await stage.newRun();
    await handleJob({ ...stage.world(), sandbox: undefined }, stage.signals(), { job: driveJob(run, stage.clock.nowMs()).job, attempt: 1 });
    expect([(await stage.runNow(run)).status, stage.shown, stage.logged]).toEqual(['completed', [NOT_EXECUTED], ['code_not_executed']]);
  });
});
