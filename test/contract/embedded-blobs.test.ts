/** What only files in a folder can show: nothing is left half, by whatever end, and nobody else may look. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { makeBlobs } from '../../shared/embedded/blobs.ts';
import { type Blobs, UploadGoneError } from '../../shared/ports/blobs.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { newFolder } from './embedded-world.ts';
import { failureOf, until } from './suites/stage.ts';

jest.setTimeout(120_000);

const KEY = 'exports/proj/exp.jsonl';
const JSONL = 'application/jsonl';
const DAY_MS = 86_400_000;

let folder: string;
let clock: ManualClock;
let blobs: Blobs;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = join(newFolder(), 'blobs');
  clock = new ManualClock(Date.now());
  blobs = makeBlobs(folder, clock);
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(join(folder, '..'), { recursive: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const textOf = async (key: string) => new Response((await blobs.read(key))?.body).text();

describe('kill -9 while files are put', () => {
  it('leaves each whole, the one that was acknowledged or a later one', async () => {
    for (const acknowledged of [1, 2, 5, 8, 11, 14]) {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'children', 'put-files.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      const letters: string[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => letters.push(line));
      await until(() => letters.length >= acknowledged, `${acknowledged} files were put`);
      await kill(child);
      blobs = makeBlobs(folder, clock);
      const text = await textOf(KEY);
      expect([text.length, new Set(text).size]).toEqual([4 * 1024 * 1024, 1]);
      // The next letters are the only ones that can have followed unheard.
      const last = letters.at(-1)?.charCodeAt(0) ?? 0;
      expect([0, 1, 2]).toContain((text.charCodeAt(0) - last + 26) % 26);
    }
  });
});

describe('the folder', () => {
  it('is cleared of what was being written when the last process ended', () => {
    writeFileSync(join(folder, '.half', 'x'), 'half');
    makeBlobs(folder, clock);
    expect(readdirSync(join(folder, '.half'))).toEqual([]);
  });

  it('holds nothing but files when all uploads have ended', async () => {
    await blobs.put('exports/a', Buffer.from('x'), JSONL);
    const [done, undone] = [await blobs.begin(KEY, JSONL), await blobs.begin(KEY, JSONL)];
    await blobs.complete(KEY, done, [{ number: 1, tag: await blobs.putPart(KEY, done, 1, Buffer.from('x')) }]);
    await blobs.putPart(KEY, undone, 1, Buffer.from('x'));
    await blobs.abort(KEY, undone);
    expect([readdirSync(join(folder, '.half')), readdirSync(join(folder, '.uploads'))]).toEqual([[], []]);
  });

  it('forgets uploads that nobody has gone on with for a day, when the next one begins', async () => {
    const [old, key] = [await blobs.begin(KEY, JSONL), KEY];
    await clock.pass(DAY_MS / 2);
    await blobs.begin(key, JSONL);
    await blobs.putPart(key, old, 1, Buffer.from('still'));
    await clock.pass(DAY_MS);
    await blobs.begin(key, JSONL);
    expect(await failureOf(blobs.putPart(key, old, 2, Buffer.from('x')))).toBeInstanceOf(UploadGoneError);
  });

  it('and its files are for their owner alone', async () => {
    await blobs.put(KEY, Buffer.from('x'), JSONL);
    for (const path of ['.', 'exports', 'exports/proj', '.half']) expect(statSync(join(folder, path)).mode & 0o077).toBe(0);
    expect(statSync(join(folder, KEY)).mode & 0o077).toBe(0);
  });

  it('leaves nothing behind of what could not be written', async () => {
    mkdirSync(join(folder, KEY), { recursive: true });
    expect(await failureOf(blobs.put(KEY, Buffer.from('x'), JSONL))).toMatchObject({ syscall: 'rename' });
    expect(readdirSync(join(folder, '.half'))).toEqual([]);
  });

  it('has no links', async () => {
    await blobs.put(KEY, Buffer.from('x'), JSONL);
    expect(await blobs.link(KEY, 60, 'x.jsonl')).toBeUndefined();
  });

  it('stays within itself, whatever an upload is called', async () => {
    writeFileSync(join(folder, '..', 'outside'), 'mine');
    for (const upload of ['../../outside', '..', '.', '/', `../${'x'.repeat(33)}`]) await blobs.abort(KEY, upload);
    expect(existsSync(join(folder, '..', 'outside'))).toBe(true);
    expect(existsSync(folder)).toBe(true);
  });
});
