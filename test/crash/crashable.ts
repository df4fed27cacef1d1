/** A server that dies, from its client's and its operator's side: requests that outlive it, and a new process on the same folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import OpenAI, { APIError } from 'openai';
import type { TimePassed } from '../support/crashing-server.ts';
import { plainEnv, within } from '../support/spoken.ts';

const MAIN = fileURLToPath(new URL('../support/crashing-server.ts', import.meta.url));
const COMPILE_CACHE = join(tmpdir(), 'threadkeep-compile-cache');
/** Generous: they bound a failure, they measure nothing. */
const READY_WITHIN_MS = 20_000;
const DEAD_WITHIN_MS = 20_000;
const EVENTUALLY_MS = 20_000;
const LOOK_EVERY_MS = 15;

export interface CrashableOptions {
  /** Base URL of the scripted model. */
  modelUrl: string;
  /** Where each process dies, one after the other; those after them live. */
  crashAt?: string | string[];
  /** A clock that stands still at this time until `pass` moves it. */
  clockMs?: number;
  /** Once dead it stays dead until `restart`, whatever requests wait for it. */
  byHand?: boolean;
  env?: Record<string, string>;
}

/** The side of a client that does not give up when the server dies. */
export interface Survivor {
  /** It does not retry: what happens to each request is to be seen. */
  readonly client: OpenAI;
  /** Undefined when the server died of this request, or under it. An answer of the server, good or bad, comes through. */
  survive<T>(act: (client: OpenAI) => Promise<T>): Promise<T | undefined>;
  /** Until the server answers: for reads, and for writes that carry an Idempotency-Key. */
  insist<T>(act: (client: OpenAI) => Promise<T>): Promise<T>;
  /** Looks again and again until `probe` finds something. What it finds last when it is too late is told. */
  eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T>;
}

/** One life of the server. */
interface Life {
  child: ChildProcess;
  client: OpenAI;
  /** Resolves with the point at which it killed itself, or `kill` when somebody else did; rejects when it ended otherwise. */
  death: Promise<string>;
}

const hasEnded = ({ child }: Life): boolean => child.exitCode !== null || child.signalCode !== null;

export async function eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const untilMs = Date.now() + EVENTUALLY_MS;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > untilMs) throw new Error(`not within ${EVENTUALLY_MS} ms: ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}

export class CrashableServer implements Survivor, AsyncDisposable {
  readonly dataDir: string;
  /** The points at which it died, in order. */
  readonly crashes: string[] = [];
  readonly #options: CrashableOptions;
  /** Where the processes to come will die. */
  readonly #ahead: string[];
  #life: Life | undefined;
  #reviving: Promise<void> | undefined;
  #clockMs: number | undefined;
  #stderr = '';
  #isOver = false;

  static async start(options: CrashableOptions): Promise<CrashableServer> {
    const server = new CrashableServer(await mkdtemp(join(tmpdir(), 'threadkeep-crash-')), options);
    try {
      await server.#boot();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  private constructor(dataDir: string, options: CrashableOptions) {
    this.dataDir = dataDir;
    this.#options = options;
    this.#ahead = [options.crashAt ?? []].flat();
    this.#clockMs = options.clockMs;
  }

  /** Of the process that runs now. */
  get client(): OpenAI {
    return this.#current.client;
  }

  /** Likewise. */
  get pid(): number {
    return this.#current.child.pid ?? 0;
  }

  /** What the server, in all its lives, wrote on standard error. */
  get errors(): string {
    return this.#stderr;
  }

  get nowMs(): number {
    return this.#clockMs ?? Date.now();
  }

  get #current(): Life {
    if (!this.#life) throw new Error('the server was never started');
    return this.#life;
  }

  /** It is back by then. */
  async survive<T>(act: (client: OpenAI) => Promise<T>): Promise<T | undefined> {
    const life = this.#current;
    try {
      return await act(life.client);
    } catch (error) {
      if (error instanceof APIError && error.status !== undefined) throw error;
      await this.#revive(life, error);
      return undefined;
    }
  }

  async insist<T>(act: (client: OpenAI) => Promise<T>): Promise<T> {
    for (;;) {
      const answer = await this.survive(act);
      if (answer !== undefined) return answer;
    }
  }

  eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
    return eventually(what, probe);
  }

  /** Waits until the server has died by itself, and says where. */
  died(): Promise<string> {
    return within(DEAD_WITHIN_MS, 'the server has died', this.#current.death);
  }

  /** kill -9 */
  async kill(): Promise<void> {
    this.#current.child.kill('SIGKILL');
    await this.died();
  }

  /** A new process on the same folder as soon as the old one has died; on a clock that stands still, `afterMs` later. */
  async restart({ afterMs = 1 }: { afterMs?: number } = {}): Promise<void> {
    await this.died();
    if (this.#clockMs !== undefined) this.#clockMs += afterMs;
    await this.#boot();
  }

  /** Waits until it has died, once at least, and is back, whoever noticed first. */
  async outlived(): Promise<void> {
    if (this.crashes.length === 0) await this.died();
    const life = this.#current;
    if (hasEnded(life)) await this.#revive(life, 'nothing');
  }

  /** Lets time go by on a clock that stands still otherwise. False when the server died on the way. */
  async pass(ms: number): Promise<boolean> {
    const { child, death } = this.#current;
    if (this.#clockMs === undefined) throw new Error('this server runs on real time');
    // A process that dies half-way has lived through the whole of it as far as the next one can tell.
    this.#clockMs += ms;
    const answered = once(child, 'message') as Promise<[TimePassed]>;
    child.send({ passMs: ms });
    const passed = await within(DEAD_WITHIN_MS, 'the time has passed', Promise.race([answered, death]));
    return typeof passed !== 'string';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    const life = this.#life;
    if (life && !hasEnded(life)) {
      // It leaves by itself, and with that writes the compile cache.
      life.child.kill('SIGTERM');
      await within(DEAD_WITHIN_MS, 'the server has left', once(life.child, 'exit'));
    }
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** One restart for however many requests were cut off. */
  async #revive(life: Life, cause: unknown): Promise<void> {
    if (this.#isOver) throw new Error('the test is over');
    if (this.#options.byHand) await eventually('the test has restarted the server', () => Promise.resolve(this.#isOver || life !== this.#life || undefined));
    if (life !== this.#life) return;
    this.#reviving ??= this.#bootAfter(life, cause).finally(() => (this.#reviving = undefined));
    await this.#reviving;
  }

  async #bootAfter({ death }: Life, cause: unknown): Promise<void> {
    try {
      await within(DEAD_WITHIN_MS, 'the server whose connection broke has died', death);
    } catch (error) {
      throw new Error(`${String(error)}; the client saw: ${String(cause)}`, { cause });
    }
    if (!this.#isOver) await this.#boot();
  }

  async #boot(): Promise<void> {
    const crashAt = this.#ahead.shift();
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
      env: plainEnv({
        PORT: '0',
        // Two boots a test are most of what these tests cost.
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        DATA_DIR: this.dataDir,
        MODEL_BASE_URL: this.#options.modelUrl,
        ...this.#options.env,
        ...(crashAt !== undefined && { CRASH_AT: crashAt }),
        ...(this.#clockMs !== undefined && { CLOCK_MS: String(this.#clockMs) }),
      }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let stdout = '';
    const ready = Promise.withResolvers<string>();
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const url = /^ready (\S+)$/m.exec(stdout)?.[1];
      if (url !== undefined) ready.resolve(url);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    // By then all that it said has been read.
    const death = once(child, 'close').then(([code, signal]) => {
      if (signal !== 'SIGKILL') throw new Error(`the server ended with ${String(code ?? signal)} and not by SIGKILL:\n${this.#stderr}`);
      const point = /^crash (\S+)$/m.exec(stdout)?.[1] ?? 'kill';
      this.crashes.push(point);
      return point;
    });
    // Whoever waits for it will see it; until then it must not count as unhandled.
    death.catch(() => undefined);
    const baseURL = await within(READY_WITHIN_MS, 'the server is ready', Promise.race([ready.promise, death.then(() => 'http://127.0.0.1:9/v1')]));
    this.#life = { child, death, client: new OpenAI({ baseURL, apiKey: 'sk-local', maxRetries: 0 }) };
  }
}
