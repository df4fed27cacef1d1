/** A Lambda web function: one process with an HTTP server, started when it is first asked. Not here: several of them, their being stopped while idle. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { CloudClock, Move } from './cloud-clock.ts';
import { keep } from './keeper.ts';
import { type LogLine, LogLines } from './log-lines.ts';

export interface WebFunctionSpec {
  /** As constructs name it: `UploadFn`, and eight hexadecimal digits. */
  id: string;
  codeDir: string;
  environment: Record<string, string>;
}

const MAIN = new URL('web-function-main.ts', import.meta.url).pathname;
const READY_WITHIN_MS = 20_000;

export class WebFunction {
  readonly spec: WebFunctionSpec;
  readonly logs: LogLine[] = [];
  /** Until it answers for the first time. */
  isStarting = false;
  readonly #endpoint: string;
  readonly #clock: CloudClock;
  readonly #unfollow: () => void;
  #process: ChildProcess | undefined;
  #started: Promise<string> | undefined;
  #moves = 0;

  constructor(spec: WebFunctionSpec, { endpoint, clock }: { endpoint: string; clock: CloudClock }) {
    this.spec = spec;
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#unfollow = clock.onMove((move) => this.#move(move));
  }

  /** Where it listens: `http://127.0.0.1:…`. */
  url(): Promise<string> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** SIGKILL. The next request starts another. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    this.#started = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'close');
  }

  async close(): Promise<void> {
    this.#unfollow();
    await this.#started?.catch(() => undefined);
    await this.kill();
  }

  async #start(): Promise<string> {
    this.isStarting = true;
    try {
      const port = await freePort();
      const { id, codeDir, environment } = this.spec;
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, join(codeDir, 'index.js'), String(this.#clock.offsetMs)], {
        env: {
          PATH: '/usr/local/bin:/usr/bin:/bin',
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: `${id}.1`,
          AWS_SECRET_ACCESS_KEY: 'secret',
          AWS_SESSION_TOKEN: 'session',
          AWS_ENDPOINT_URL: this.#endpoint,
          AWS_LAMBDA_INITIALIZATION_TYPE: 'native-http',
          AWS_LAMBDA_HTTP_ENDPOINT: `127.0.0.1:${port}`,
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      this.#process = child;
      keep(child);
      for (const output of ['stdout', 'stderr'] as const) new LogLines(child[output] as Readable, { environment: `${id}.1`, output }, (line) => this.logs.push(line));
      const url = `http://127.0.0.1:${port}`;
      await answers(url, child);
      return url;
    } finally {
      this.isStarting = false;
    }
  }

  async #move({ offsetMs, fire }: Move): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const number = this.#moves++;
    const taken = new Promise<void>((resolve) => {
      const listen = ({ moved }: { moved: number }) => {
        if (moved !== number) return;
        child.off('message', listen);
        resolve();
      };
      child.on('message', listen).once('close', () => resolve());
    });
    child.send({ move: number, offsetMs, fire }, () => undefined);
    await taken;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (const untilMs = performance.now() + READY_WITHIN_MS; performance.now() < untilMs && child.exitCode === null; await delay(10)) {
    if (await fetch(`${url}/healthz`).then(({ ok }) => ok, () => false)) return;
  }
  throw new Error('the web function does not come up');
}
