import { describe, expect, it } from '@jest/globals';
import { SandboxFileError, SandboxUnavailableError, SessionGoneError } from '../../shared/ports/sandbox.ts';
import { CodeStage, asks, code, says } from './code-stage.ts';
import type { Come } from './scripted-sandbox.ts';

// What becomes of the files that code has written: which are kept, and what is said of the others.

const MB = 1_000_000;

/** A run whose only code comes to this. */
async function executed(stage: CodeStage, come: Come) {
  stage.answers.push(asks(code('a')), says('Done.'));
  stage.sandbox.scripts.push(come);
  const run = await stage.driven(await stage.newRun());
  const [call] = await stage.callsOf(run);
  const [output] = call?.outputs ?? [];
  return { status: run.status, files: (call?.files ?? []).map(({ path }) => path), logs: output?.type === 'logs' ? output.logs : '', images: call?.outputs?.filter(({ type }) => type === 'image').length };
}

const named = (...names: string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, name]));
const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `f${`${n}`.padStart(2, '0')}`);

describe('of the files that code has written', () => {
  it('forty are kept, images among them, and of the others ten are named', async () => {
    await using stage = await CodeStage.start();
    const { status, files, logs, images } = await executed(stage, { logs: 'x', writes: named(...numbered(53)), images: [new Uint8Array(1), new Uint8Array(1)] });
    expect([status, images, files]).toEqual(['completed', 2, numbered(38)]);
    expect(logs).toBe(`x\n[Not kept for the user: ${numbered(48).slice(38).join(', ')}, 5 more.]\n`);
    expect((await stage.made()).length).toBe(40);
  });

  it('those are not that programs put beside what was meant', async () => {
    await using stage = await CodeStage.start();
    const { files, logs } = await executed(stage, { writes: named('.hidden', '.cache/a', 'a/.b/c', '__pycache__/a.pyc', 'a/__pycache__/b.pyc', 'a/b.py', 'c.d') });
    expect([files, logs]).toEqual([['a/b.py', 'c.d'], '']);
  });

  it('one without content is a file like any other, and names that are equal are no trouble', async () => {
    await using stage = await CodeStage.start();
    const { files } = await executed(stage, { writes: { 'a/x.txt': '', 'b/x.txt': 'b' } });
    const made = await stage.made();
    expect([files, made.map(({ filename }) => filename)]).toEqual([['a/x.txt', 'b/x.txt'], ['x.txt', 'x.txt']]);
    expect((await Promise.all(made.map((file) => stage.contentOf(file)))).toSorted()).toEqual(['', 'b']);
  });

  it.each<[string, Error | undefined]>([
    ['that is gone before it is read', undefined],
    ['that cannot come out', new SandboxFileError('too large')],
  ])('one %s is not kept, and the others are', async (_, error) => {
    await using stage = await CodeStage.start();
    if (error) stage.sandbox.failing.read.push(error);
    const { status, files, logs } = await executed(stage, { files: [{ path: 'a', bytes: 1 }, { path: 'b', bytes: 1 }], writes: error ? named('a', 'b') : named('b') });
    expect([status, files, logs, await stage.incoming()]).toEqual(['completed', ['b'], '[Not kept for the user: a.]\n', []]);
  });

  it.each([new SessionGoneError('gone'), new SandboxUnavailableError('no answer')])('none is asked for any more when the session does not answer: %s', async (error) => {
    await using stage = await CodeStage.start();
    stage.sandbox.failing.read.push(error);
    const { status, files, logs } = await executed(stage, { writes: named('a', 'b', 'c') });
    expect([status, files, logs, stage.sandbox.reads]).toEqual(['completed', [], '[Not kept for the user: a, b, c.]\n', ['a']]);
  });

  it('one that stands in the place of an input has its name', async () => {
    await using stage = await CodeStage.start();
    const input = await stage.newFile('sales.csv', '1');
    stage.answers.push(asks(code('a')), says('See sandbox:/mnt/data/sales.csv'));
    stage.sandbox.scripts.push({ writes: { [input.id]: '2' } });
    const run = await stage.driven(await stage.newRun({ files: [input] }));
    const [made] = await stage.made();
    expect(made).toMatchObject({ filename: 'sales.csv' });
    expect((await stage.runNow(run)).status).toBe('completed');
    expect(stage.links).toEqual([made?.id]);
  });

  it('all are not when nobody knows what went wrong: the model is told, and nothing is left', async () => {
    await using stage = await CodeStage.start();
    let reads = 0;
    stage.before = ({ name }) => (name === 'receive-content' && ++reads === 2 ? Promise.reject(new Error('the disk is full')) : Promise.resolve());
    const { status, files, logs } = await executed(stage, { logs: 'x\n', writes: named('a', 'b') });
    expect([status, files, logs, stage.logged]).toEqual(['completed', [], 'x\nError: the code could not be executed. Say so if you cannot answer without it.', ['code_not_executed']]);
    expect([await stage.made(), await stage.incoming(), await stage.blobsLeft()]).toEqual([[], [], []]);
  });
});

describe('large files', () => {
  /** Blobs take what comes and keep nothing. */
  const bottomless = (stage: CodeStage) => {
    stage.blobs = { begin: () => Promise.resolve('up'), putPart: (_, __, number) => Promise.resolve(`${number}`), complete: () => Promise.resolve(), abort: () => Promise.resolve() };
  };
  const large = (stage: CodeStage, sizes: Record<string, number>, told = sizes) => {
    for (const [path, bytes] of Object.entries(sizes)) stage.sandbox.large.set(path, bytes);
    return executed(stage, { files: Object.entries(told).map(([path, bytes]) => ({ path, bytes })) });
  };

  it('are kept up to 512 MiB of one execution; smaller ones behind them still are', async () => {
    await using stage = await CodeStage.start();
    bottomless(stage);
    const { files, logs } = await large(stage, { a: 100 * MB, b: 100 * MB, c: 100 * MB, d: 100 * MB, e: 100 * MB, f: 40 * MB, g: 30 * MB });
    expect([files, logs]).toEqual([['a', 'b', 'c', 'd', 'e', 'g'], '[Not kept for the user: f.]\n']);
  });

  it('are kept up to 1 GiB of one run, in whatever answers', async () => {
    await using stage = await CodeStage.start();
    bottomless(stage);
    const whole = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((path) => [path, 100 * MB]));
    for (const [path, bytes] of Object.entries({ ...whole, f: 80 * MB, g: 70 * MB })) stage.sandbox.large.set(path, bytes);
    const writes = (sizes: Record<string, number>): Come => ({ files: Object.entries(sizes).map(([path, bytes]) => ({ path, bytes })) });
    stage.answers.push(asks(code('1'), code('2')), asks(code('3')), says('Done.'));
    stage.sandbox.scripts.push(writes(whole), writes({ ...whole, f: 80 * MB }), writes({ f: 80 * MB, g: 70 * MB }));
    const run = await stage.driven(await stage.newRun());
    expect((await stage.callsOf(run)).map(({ files = [] }) => files.map(({ path }) => path).join(''))).toEqual(['abcde', 'abcde', 'g']);
  });

  it('are not when one of them is too large, whatever was told of it', async () => {
    await using stage = await CodeStage.start();
    bottomless(stage);
    const sizes = { a: 100 * MB + 1, b: 100 * MB + 1, c: 3 };
    const { files, logs } = await large(stage, sizes, { ...sizes, b: 5 });
    expect([files, logs, await stage.incoming()]).toEqual([['c'], '[Not kept for the user: a, b.]\n', []]);
  });
});
