/** The server and the model as child processes, started as a user starts them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const READY_WITHIN_MS = 30_000;

export interface Started {
  pid: number;
  baseUrl: string;
  /** From the start of the process to its `ready` line. */
  readyMs: number;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
// Whatever ends the bench, nothing that it started stays behind.
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

async function start(file: string, env: NodeJS.ProcessEnv, nodeArgs: string[] = []): Promise<Started> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...nodeArgs, join(ROOT, file)], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const exited = once(child, 'exit').then(() => running.delete(child));
  const baseUrl = await readyLine(child, file);
  const readyMs = performance.now() - startedMs;
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  return { pid: child.pid ?? 0, baseUrl, readyMs, stop };
}

function readyLine(child: ChildProcess, file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const timer = setTimeout(() => reject(new Error(`${file} was not ready in time`)), READY_WITHIN_MS);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code} before it was ready`)));
    child.stdout?.on('data', (piece: Buffer) => {
      seen += piece.toString();
      const found = /^ready (\S+)\n/m.exec(seen);
      if (!found?.[1]) return;
      clearTimeout(timer);
      resolve(found[1]);
    });
  });
}

export const startModel = (): Promise<Started> => start('bench/support/fast-model.ts', {});

export const startServer = (dataFolder: string, model: Started, nodeArgs: string[] = []): Promise<Started> =>
  start('local/main.ts', { PORT: '0', HOST: '127.0.0.1', DATA_DIR: dataFolder, MODEL_BASE_URL: model.baseUrl, MODEL_API_KEY: 'bench', LOG: 'error' }, nodeArgs);

/** A new folder on the disk that the repository is on: /tmp may be memory, where fsync costs nothing. */
export function newFolder(): string {
  const parent = join(ROOT, '.data');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Resident memory of a process in MB. */
export function rssMb(pid: number): number {
  if (process.platform !== 'linux') return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1]) / 1024;
}
