import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Starts two processes, one of which ends by itself, stops the other, and goes as it is told. */
const MAIN = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { keep } from '${new URL('harness/keeper.ts', import.meta.url).href}';
const short = spawn('true');
keep(short);
const child = spawn('sleep', ['600']);
keep(child);
if (short.exitCode === null) await once(short, 'exit');
child.kill('SIGSTOP');
process.stdout.write(String(child.pid), () => (process.argv[1] === 'exit' ? process.exit() : process.kill(process.pid, process.argv[1])));`;

/** Nobody may have taken notice of its end yet. */
function runs(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

it.each(['exit', 'SIGTERM', 'SIGINT', 'SIGKILL'])('a stopped process is gone with its parent (%s)', async (how) => {
  const parent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', MAIN, how], { stdio: ['ignore', 'pipe', 'inherit'] });
  let pid = '';
  parent.stdout.on('data', (piece: Buffer) => (pid += piece.toString()));
  await once(parent, 'close');
  expect(pid).toMatch(/^\d+$/);
  while (runs(pid)) await delay(5);
});
