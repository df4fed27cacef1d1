/** An execution environment, seen from outside: a process that is stopped whenever it has nothing to do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Move } from './cloud-clock.ts';
import type { Failure, FromEnvironment, Invocation, Piece, ToEnvironment } from './environment-messages.ts';
import { keep } from './keeper.ts';
import { InvocationFailed } from './lambda-errors.ts';
import { type LogLine, LogLines } from './log-lines.ts';

export interface EnvironmentSpec {
  /** What it calls itself before AWS: `<function>.<number>`. */
  name: string;
  modulePath: string;
  handlerName: string;
  /** All of its environment. */
  variables: Record<string, string>;
  offsetMs: number;
  onLog: (line: LogLine) => void;
}

interface Current {
  id: string;
  end: PromiseWithResolvers<string>;
  onPiece: ((piece: Piece) => void) | undefined;
}

const MAIN = new URL('environment-main.ts', import.meta.url).pathname;

export class Environment {
  readonly name: string;
  readonly ready: Promise<void>;
  readonly #process: ChildProcess;
  readonly #outputs: LogLines[];
  readonly #gone: Promise<void>;
  readonly #readiness = Promise.withResolvers<void>();
  readonly #unacknowledged = new Map<number, () => void>();
  #current: Current | undefined;
  #state: 'starting' | 'stopped' | 'running' | 'dead' = 'starting';
  #moves = 0;
  #cause: Failure | undefined;

  private constructor({ name, modulePath, handlerName, variables, offsetMs, onLog }: EnvironmentSpec) {
    this.name = name;
    this.#process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, modulePath, handlerName, String(offsetMs)], {
      env: variables,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    keep(this.#process);
    this.#outputs = (['stdout', 'stderr'] as const).map((output) => new LogLines(this.#process[output] as Readable, { environment: name, output }, onLog));
    this.#gone = once(this.#process, 'close').then(() => this.#onDeath());
    this.#process.on('error', (error) => this.#readiness.reject(error));
    this.#process.on('message', (message: FromEnvironment) => void this.#onMessage(message));
    this.ready = this.#readiness.promise;
    this.ready.catch(() => undefined);
  }

  /** Begins to start one, which may be killed before it is ready. */
  static spawn(spec: EnvironmentSpec): Environment {
    return new Environment(spec);
  }

  /** Starts one. Rejects when its module cannot be loaded. */
  static async start(spec: EnvironmentSpec): Promise<Environment> {
    const environment = new Environment(spec);
    await environment.ready;
    return environment;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#state !== 'dead';
  }

  /** True between the beginning and the end of an invocation. */
  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** Resolves to the result as JSON. What is left under way when it ends stands still until the next one. */
  async invoke(invocation: Invocation, onPiece?: (piece: Piece) => void): Promise<string> {
    if (this.#state !== 'stopped') throw new Error(`${this.name} is ${this.#state}`);
    const id = invocation.invoke;
    const end = Promise.withResolvers<string>();
    this.#current = { id, end, onPiece };
    this.#state = 'running';
    this.#process.kill('SIGCONT');
    this.#say(invocation);
    return end.promise;
  }

  /** Tells it the time: waits until a running one has taken it; a stopped one will, before anything else, when it wakes. */
  async move({ offsetMs, fire }: Move): Promise<void> {
    if (this.#state === 'dead') return;
    const number = this.#moves++;
    const taken = new Promise<void>((resolve) => this.#unacknowledged.set(number, resolve));
    this.#say({ move: number, offsetMs, fire });
    if (this.#state === 'stopped') this.#forgetMoves();
    await taken;
  }

  /** Ends it at once (SIGKILL), whatever it is doing. Resolves when it is gone and all that it wrote has been read. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#gone;
  }

  #say(message: ToEnvironment): void {
    // Its death is noticed by itself.
    this.#process.send(message, () => undefined);
  }

  async #onMessage(message: FromEnvironment): Promise<void> {
    if ('ready' in message) {
      this.#process.kill('SIGSTOP');
      this.#onStop();
      this.#readiness.resolve();
    } else if ('dying' in message) {
      this.#cause = message.dying;
    } else if ('moved' in message) {
      this.#unacknowledged.get(message.moved)?.();
      this.#unacknowledged.delete(message.moved);
    } else if ('piece' in message) {
      if (this.#current?.id === message.of) this.#current.onPiece?.(message.piece);
    } else {
      await this.#onEnd(message);
    }
  }

  async #onEnd(message: { done: string; result: string } | { failed: string; failure: Failure }): Promise<void> {
    const id = 'done' in message ? message.done : message.failed;
    const current = this.#current;
    if (current?.id !== id) return;
    this.#current = undefined;
    await Promise.race([this.#gone, Promise.all([this.#untilStopped(), ...this.#outputs.map((output) => output.all(id))])]);
    if ('done' in message) current.end.resolve(message.result);
    else current.end.reject(new InvocationFailed(message.failure));
  }

  /** It stops itself, so that not even a busy machine gives it time. Woken before it has, it would never wake again. */
  async #untilStopped(): Promise<void> {
    while (this.isAlive && !isStopped(this.pid)) await delay(1);
    this.#onStop();
  }

  #onStop(): void {
    if (this.#state === 'dead') return;
    this.#state = 'stopped';
    this.#forgetMoves();
  }

  #forgetMoves(): void {
    for (const forget of this.#unacknowledged.values()) forget();
    this.#unacknowledged.clear();
  }

  #onDeath(): void {
    this.#state = 'dead';
    this.#forgetMoves();
    const { exitCode, signalCode } = this.#process;
    const how = signalCode === null ? `exit status ${exitCode}` : `signal: ${signalCode === 'SIGKILL' ? 'killed' : signalCode}`;
    const exit = { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${this.#current?.id ?? 'none'} Error: Runtime exited with error: ${how}` };
    const died = new InvocationFailed(this.#cause ?? exit);
    this.#readiness.reject(died);
    this.#current?.end.reject(died);
    this.#current = undefined;
  }
}

function isStopped(pid: number): boolean {
  try {
    return /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
