/** One session's machine in the stand-in of AgentCore: real Python, with a folder of its own and without a network. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Debian's, which its packages of pandas and matplotlib are for. */
const PYTHON = '/usr/bin/python3';
/** Where the service's sessions work, by their own account. */
const WORKING_FOLDER = '/opt/amazon/genesis1p-tools/var';
/** Its user, who may write there and in /tmp alone. */
const USER = '992';

/** What the code wrote; `died`: the interpreter has ended under it. */
export type Ran = { stdout: string; stderr: string; failed: boolean } | { died: true };

export interface Machine {
  /** Code may make folders in /mnt, as in an interpreter that runs as root. */
  isRoomy?: boolean;
  /** Code is not executed in the main thread. */
  runsAside?: boolean;
  /** Ends of lines of files that are put become the machine's own. */
  altersText?: boolean;
  /** What a session has done before anybody asks it for anything. */
  preloads?: string;
}

export class Kernel {
  readonly #folder = mkdtempSync(join(tmpdir(), 'agentcore-'));
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #altersText: boolean;
  readonly #begun: Promise<unknown>;

  constructor({ isRoomy = false, runsAside = false, altersText = false, preloads = '' }: Machine) {
    this.#altersText = altersText;
    const main = new URL('agentcore-kernel.py', import.meta.url).pathname;
    const binds = ['/usr', '/lib', '/lib64', '/bin', '/etc/alternatives', '/etc/fonts', '/etc/matplotlibrc'].flatMap((path) => ['--ro-bind-try', path, path]);
    const writable = ['--bind', this.#folder, WORKING_FOLDER, '--tmpfs', '/tmp', ...(isRoomy ? ['--tmpfs', '/mnt'] : [])];
    const alone = ['--unshare-all', '--die-with-parent', '--new-session', '--uid', USER, '--gid', USER, '--clearenv', '--setenv', 'HOME', '/tmp', '--setenv', 'PATH', '/usr/bin:/bin'];
    const args = [...alone, ...binds, '--ro-bind', main, '/kernel.py', '--proc', '/proc', '--dev', '/dev', ...writable, '--remount-ro', '/', '--chdir', WORKING_FOLDER, PYTHON, '/kernel.py', preloads, runsAside ? 'aside' : ''];
    // Its own environment can be read from within: nothing of the test's is to be found there.
    // Code that takes all that it can get must not take it from the test.
    this.#process = spawn('nice', ['-n', '19', 'bwrap', ...args], { env: { PATH: '/usr/bin:/bin' }, stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
    // A write to one that has just died.
    this.#process.stdin?.on('error', () => undefined);
    this.#answers = createInterface({ input: this.#process.stdio[3] as Readable })[Symbol.asyncIterator]();
    this.#begun = this.#answers.next();
  }

  async run(code: string): Promise<Ran> {
    await this.#begun;
    this.#process.stdin?.write(`${JSON.stringify({ code })}\n`);
    const answer = await this.#answers.next();
    return answer.done === true ? { died: true } : (JSON.parse(answer.value) as Ran);
  }

  /** Relative paths alone, as in the service; every other is an error of the tool. */
  write(path: string, content: Buffer): void {
    if (path.startsWith('/') || path.split('/').includes('..')) throw new Error(`Path traversal: ${path}`);
    const place = join(this.#folder, path);
    mkdirSync(dirname(place), { recursive: true, mode: 0o777 });
    writeFileSync(place, this.#altersText ? content.toString('latin1').replaceAll('\r\n', '\n') : content);
  }

  async stop(): Promise<void> {
    // One that is killed before it has set itself up leaves a half of itself behind, for ever.
    await this.#begun;
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
