/** Child processes of this repository and what they say. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_WITHIN_MS = 20_000;

/** How a process ended and all that it said. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Only what a fresh terminal has: nothing of the developer's own settings reaches the server. */
export const plainEnv = (env: Record<string, string>): Record<string, string> => ({ PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? tmpdir(), ...env });

/** A command of this repository, run to its end. */
export async function command(program: string, args: string[], env: Record<string, string>): Promise<Ended> {
  return new Spoken(spawn(program, args, { cwd: ROOT, env: plainEnv(env), stdio: ['ignore', 'pipe', 'pipe'] })).ended;
}

/** A child process and what it has said so far. */
export class Spoken {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  isOver = false;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.isOver = true;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** The address in the line that says `ready`. */
  async ready(): Promise<string> {
    const told = Promise.withResolvers<string>();
    const look = () => {
      const url = /^ready (\S+)$/m.exec(this.stdout)?.[1];
      if (url !== undefined) told.resolve(url);
    };
    this.child.stdout?.on('data', look);
    const failed = this.ended.then(({ code, stderr }) => Promise.reject(new Error(`the server ended with code ${code} instead of getting ready:\n${stderr}`)));
    try {
      return await within(READY_WITHIN_MS, 'the server is ready', Promise.race([told.promise, failed]));
    } finally {
      this.child.stdout?.off('data', look);
    }
  }
}

/** A bound on waiting, so that a fault is a sentence and not a hanging test. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`after ${ms} ms still not: ${what}`)), ms);
  try {
    return await Promise.race([promise, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
