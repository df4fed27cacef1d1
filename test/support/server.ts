/** Threadkeep as a process of its own, started the way a user starts it: real HTTP, a data folder that outlives the process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClockMoved, ClockOrder } from './clocked-server.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { LOOPBACK } from './webhook-receiver.ts';
import { type Ended, ROOT, Spoken, command, plainEnv, within } from './spoken.ts';

/** The key of a fresh data folder. */
export const LOCAL_KEY = 'sk-local';

const STOPPED_WITHIN_MS = 10_000;

export interface ServerOptions {
  /** Over the defaults: a free port, a new data folder, no model but the demo one. */
  env?: Record<string, string>;
  /** With a clock that `jump` and `pass` move, instead of `node local/main.ts`. */
  clocked?: boolean;
  /** Exactly what the README says: `npm start`, in a process group of its own as a terminal gives it. */
  npm?: boolean;
}

/** A line of the server's log. */
export interface LogLine {
  level: string;
  code: string;
  [field: string]: unknown;
}

export class TestServer implements ServerUnderTest, AsyncDisposable {
  readonly key = LOCAL_KEY;
  readonly wayOut = LOOPBACK;
  readonly dataDir: string;
  readonly #options: ServerOptions;
  #process: Spoken | undefined;
  #baseUrl = '';
  /** Of processes before a restart. */
  #earlierErrors = '';
  #expected = new Set<string>();
  #toldErrors = 0;

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const dataDir = options.env?.['DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'threadkeep-e2e-')));
    const server = new TestServer(dataDir, options);
    try {
      await server.boot();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  private constructor(dataDir: string, options: ServerOptions) {
    this.dataDir = dataDir;
    this.#options = options;
  }

  /** What the official clients take as `baseURL`. */
  get baseUrl(): string {
    return this.#baseUrl;
  }

  /** Scheme, host and port. */
  get origin(): string {
    return new URL(this.#baseUrl).origin;
  }

  get env(): Record<string, string> {
    return { PORT: '0', ...this.#options.env, DATA_DIR: this.dataDir };
  }

  get pid(): number {
    const pid = this.#process?.child.pid;
    if (pid === undefined) throw new Error('the server is not running');
    return pid;
  }

  get stdout(): string {
    return this.#process?.stdout ?? '';
  }

  get stderr(): string {
    return this.#earlierErrors + (this.#process?.stderr ?? '');
  }

  /** Starts a process on the data folder: the first, or the next one after `stop` or `kill`. */
  async boot(): Promise<void> {
    if (this.#process && !this.#process.isOver) throw new Error('the server is running already');
    this.#earlierErrors = this.stderr;
    const { npm = false, clocked = false } = this.#options;
    const main = clocked ? 'test/support/clocked-server.ts' : 'local/main.ts';
    const [program, args] = npm ? ['npm', ['start']] : [process.execPath, ['--disable-warning=ExperimentalWarning', main]];
    const stdio = clocked ? (['ignore', 'pipe', 'pipe', 'ipc'] as const) : (['ignore', 'pipe', 'pipe'] as const);
    this.#process = new Spoken(spawn(program, args, { cwd: ROOT, env: plainEnv(this.env), stdio: [...stdio], detached: npm }));
    this.#baseUrl = await this.#process.ready();
  }

  /** Asks it to stop and waits until it has. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    const running = this.#process;
    if (!running) throw new Error('the server was never started');
    // A terminal sends Ctrl-C to the whole group: npm, its shell and the server.
    if (!running.isOver) process.kill(this.#options.npm ? -this.pid : this.pid, signal);
    return within(STOPPED_WITHIN_MS, `the server has stopped on ${signal}`, running.ended);
  }

  /** As a crash or a power cut. */
  kill(): Promise<Ended> {
    return this.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.boot();
  }

  /** It is `ms` later, but no timer has fired yet. */
  skip(ms: number): Promise<number> {
    return this.#moveClock({ skipMs: ms });
  }

  /** At once it is `ms` later, and all timers of that time fire. */
  jump(ms: number): Promise<number> {
    return this.#moveClock({ jumpMs: ms });
  }

  /** `ms` go by, callback by callback. */
  pass(ms: number): Promise<number> {
    return this.#moveClock({ passMs: ms });
  }

  async #moveClock(order: ClockOrder): Promise<number> {
    const child = this.#process?.child;
    if (!child?.connected) throw new Error('only a clocked server that runs has a clock to move');
    const answered = once(child, 'message');
    child.send(order);
    const [moved] = (await within(STOPPED_WITHIN_MS, 'the clock has moved', answered)) as [ClockMoved];
    return moved.nowMs;
  }

  /** What `npm run keys` runs, beside the running server. */
  async createKey(project: string, name = ''): Promise<string> {
    const said = await this.#keys('create', '--project', project, '--name', name);
    return said.split('\n')[0] ?? '';
  }

  async revokeKey(key: string): Promise<boolean> {
    return (await this.#keys('revoke', key)).trim() === 'revoked';
  }

  async #keys(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await command(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/keys.ts', ...args], this.env);
    if (code !== 0) throw new Error(`keys ${args.join(' ')} ended with code ${code}: ${stderr}`);
    return stdout;
  }

  /** Lets errors of this code be logged without failing the test. */
  expectError(code: string): void {
    this.#expected.add(code);
  }

  /** Every line of level error that no test has announced, and whatever else the server says on standard error. */
  unexpectedErrors(): string[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('npm '))
      .filter((line) => {
        const logged = parseLog(line);
        return logged === undefined || (logged.level === 'error' && !this.#expected.has(logged.code));
      });
  }

  /** Throws with what has been written since the last call, so that one fault fails one test. */
  expectNoErrors(): void {
    const errors = this.unexpectedErrors().slice(this.#toldErrors);
    this.#toldErrors += errors.length;
    if (errors.length > 0) throw new Error(`the server wrote errors:\n${errors.join('\n')}`);
  }

  /** Stops it for good; throws when it did not end as it should. */
  async end(): Promise<void> {
    const { code } = await this.stop();
    await this.remove();
    if (code !== 0) throw new Error(`the server ended with code ${code}:\n${this.stderr}`);
  }

  async remove(): Promise<void> {
    if (this.#process && !this.#process.isOver) await this.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}

function parseLog(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
