/** What a server leaves behind that was killed: nothing that runs, and nothing on disk after its next start. */
import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../shared/domain/clock.ts';
import { makeSandbox } from '../../shared/embedded/sandbox.ts';
import { eventually } from '../crash/crashable.ts';
import { descendants, processes, stillThere } from '../support/processes.ts';
import { plainEnv } from '../support/spoken.ts';
import { newFolder } from './stage.ts';

const MAIN = fileURLToPath(new URL('server-main.ts', import.meta.url));

async function serverWithSession(folder: string, isolation: string, moment: string) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, folder, isolation, moment], { env: plainEnv({}), stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { child, started: descendants(child.pid ?? 0) };
}

describe.each(['isolated', 'open'])('a server killed, with sessions %s', (isolation) => {
  it.each(['working', 'idle'])('while the code is %s leaves no process, and no folder after its next start', async (moment) => {
    const folder = newFolder();
    const { child, started } = await serverWithSession(folder, isolation, moment);
    // bwrap and its helper, the supervisor, the interpreter, the child and the one that detached itself; the last does without in the open.
    expect(started.length).toBeGreaterThanOrEqual(isolation === 'isolated' ? 5 : 3);
    child.kill('SIGKILL');
    await eventually('all have ended', async () => (stillThere(started).length === 0 ? true : undefined));
    expect(readdirSync(folder).length).toBe(isolation === 'open' ? 1 : 0);
    const next = makeSandbox({ clock: systemClock, folder });
    expect(readdirSync(folder)).toEqual([]);
    await next.stop();
    rmSync(folder, { recursive: true, force: true });
  });
});

it.each([false, true])('a terminal’s Ctrl-C, which is the server’s to answer, does not reach the code (without isolation: %s)', async (withoutIsolation) => {
  const folder = newFolder();
  const sandbox = makeSandbox({ clock: systemClock, folder: join(folder, 'sessions'), withoutIsolation });
  const before = descendants(process.pid);
  await sandbox.open();
  const started = descendants(process.pid).filter(({ pid }) => !before.some((known) => known.pid === pid));
  const own = processes().find(({ pid }) => pid === process.pid);
  await sandbox.stop();

  expect(started.length).toBeGreaterThanOrEqual(2);
  expect(started.map(({ group }) => group)).not.toContain(own?.group);
  rmSync(folder, { recursive: true });
});

it('a session that is closed leaves no process, and no folder', async () => {
  const folder = newFolder();
  for (const withoutIsolation of [false, true]) {
    const sandbox = makeSandbox({ clock: systemClock, folder: join(folder, 'sessions'), withoutIsolation });
    const session = await sandbox.open();
    await sandbox.execute(session, "import subprocess, os, time\nsubprocess.Popen(['sleep', '600'])\nif os.fork() == 0: time.sleep(600)");
    const started = descendants(process.pid).filter(({ pid }) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').match(/sleep|supervisor|bwrap/));
    expect(started.length).toBeGreaterThanOrEqual(4 - Number(withoutIsolation));
    await sandbox.close(session);
    await eventually('all have ended', async () => (stillThere(started).length === 0 ? true : undefined));
    expect(readdirSync(join(folder, 'sessions'))).toEqual([]);
    await sandbox.stop();
    expect(existsSync(join(folder, 'sessions'))).toBe(false);
  }
  rmSync(folder, { recursive: true });
});
