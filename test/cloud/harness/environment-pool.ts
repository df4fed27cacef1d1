/** A function's execution environments: one is taken when it is free, made when none is, and kept for the next invocation. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudClock } from './cloud-clock.ts';
import { Environment } from './environment.ts';
import type { FunctionSpec } from './lambda-function.ts';
import type { LogLine } from './log-lines.ts';

interface PoolOptions {
  endpoint: string;
  clock: CloudClock;
  most: number;
  onLog: (line: LogLine) => void;
}

type Waiter = PromiseWithResolvers<Environment>;

/** Started at once, over all functions: more of them only hold each other up. */
const MOST_STARTING = 2;
let starting = 0;
const turns: (() => void)[] = [];

async function inTurn<T>(start: () => Promise<T>): Promise<T> {
  while (starting >= MOST_STARTING) await new Promise<void>((resolve) => turns.push(resolve));
  starting++;
  try {
    return await start();
  } finally {
    starting--;
    turns.shift()?.();
  }
}

export class EnvironmentPool {
  initMs = 0;
  readonly #spec: FunctionSpec;
  readonly #options: PoolOptions;
  readonly #unfollow: () => void;
  readonly #all = new Set<Environment>();
  readonly #free: Environment[] = [];
  #waiting: Waiter[] = [];
  #starting = 0;
  /** Of those starting, the ones that have no process yet. */
  #unspawned = 0;
  #made = 0;
  #closed = false;

  constructor(spec: FunctionSpec, options: PoolOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#unfollow = options.clock.onMove(async (move) => {
      await Promise.all(this.environments.map((environment) => environment.move(move)));
    });
  }

  get environments(): Environment[] {
    return [...this.#all].filter(({ isAlive }) => isAlive);
  }

  /** The one that ran last, if any is free; else whichever is the first to be free or started. */
  acquire(): Promise<Environment> {
    if (this.#closed) return Promise.reject(new Error(`${this.#spec.id} is closed`));
    const free = this.#takeFree();
    if (free) return Promise.resolve(free);
    const waiter = Promise.withResolvers<Environment>();
    this.#waiting.push(waiter);
    this.#startAsNeeded();
    return waiter.promise;
  }

  release(environment: Environment): void {
    if (environment.isAlive) return this.#offer(environment);
    this.#all.delete(environment);
    this.#startAsNeeded();
  }

  async killAll(): Promise<void> {
    await Promise.all(this.environments.map((environment) => environment.kill()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unfollow();
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${this.#spec.id} is closed`));
    await this.killAll();
  }

  #takeFree(): Environment | undefined {
    for (;;) {
      const free = this.#free.pop();
      if (!free || free.isAlive) return free;
      this.#all.delete(free);
    }
  }

  #offer(environment: Environment): void {
    const waiter = this.#waiting.shift();
    if (waiter) waiter.resolve(environment);
    else this.#free.push(environment);
  }

  #startAsNeeded(): void {
    while (this.#starting < this.#waiting.length && this.environments.length + this.#unspawned < this.#options.most) void this.#start();
  }

  async #start(): Promise<void> {
    this.#starting++;
    this.#unspawned++;
    try {
      const environment = await inTurn(() => this.#begin());
      this.#starting--;
      this.#offer(environment);
    } catch (error) {
      this.#starting--;
      this.#waiting.shift()?.reject(error);
      this.#startAsNeeded();
    }
  }

  async #begin(): Promise<Environment> {
    this.#unspawned--;
    if (this.#closed) throw new Error(`${this.#spec.id} is closed`);
    const { clock, onLog } = this.#options;
    const name = `${this.#spec.id}.${++this.#made}`;
    const [file = '', handlerName = ''] = this.#spec.handler.split('.');
    const beganMs = performance.now();
    const environment = Environment.spawn({ name, modulePath: modulePath(this.#spec.codeDir, file), handlerName, variables: this.#variables(name), offsetMs: clock.offsetMs, onLog });
    this.#all.add(environment);
    try {
      await environment.ready;
    } catch (error) {
      this.#all.delete(environment);
      throw error;
    }
    this.initMs += Math.ceil(performance.now() - beganMs);
    return environment;
  }

  /** The template's own and Lambda's, and nothing of whoever runs the tests. */
  #variables(name: string): Record<string, string> {
    const { codeDir, handler, memoryMb, environment } = this.#spec;
    return {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: name,
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'session',
      AWS_ENDPOINT_URL: this.#options.endpoint,
      // For LanceDB’s engine, which takes its own way to S3.
      AWS_ALLOW_HTTP: 'true',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: this.#spec.name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${this.#spec.name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: `[$LATEST]${name}`,
      // Nobody listens there.
      AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
      AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
      LAMBDA_TASK_ROOT: codeDir,
      _HANDLER: handler,
      ...environment,
    };
  }
}

function modulePath(codeDir: string, file: string): string {
  const found = ['js', 'mjs', 'cjs'].map((ending) => join(codeDir, `${file}.${ending}`)).find(existsSync);
  if (found === undefined) throw new Error(`there is no ${file} in ${codeDir}`);
  return found;
}
