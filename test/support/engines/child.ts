/** A child process that ends with this one, and a word with it over IPC. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

const READY_WITHIN_MS = 20_000;

export class Child {
  readonly process: ChildProcess;
  #errors = '';
  #asked = 0;

  /** Starts `program`; `stdio` with `ipc` for one that is spoken with. */
  constructor(program: string, args: string[], options: { ipc?: boolean } = {}) {
    const stdio: StdioOptions = options.ipc ? ['ignore', 'ignore', 'pipe', 'ipc'] : ['ignore', 'ignore', 'pipe'];
    this.process = spawn(program, args, { stdio, env: { PATH: process.env['PATH'] } });
    // Many questions may wait for their answers at once.
    this.process.setMaxListeners(0);
    this.process.stderr?.on('data', (piece: Buffer) => (this.#errors += piece.toString()));
    // Neither a failing test nor Ctrl-C may leave an engine behind.
    process.once('exit', this.#kill);
    this.process.once('exit', () => process.off('exit', this.#kill));
  }

  /** Starts one of this folder's own programs and resolves to it and the port that it says it listens on. */
  static async ofMain(main: URL, args: string[] = []): Promise<{ child: Child; port: number }> {
    const child = new Child(process.execPath, ['--disable-warning=ExperimentalWarning', main.pathname, ...args], { ipc: true });
    const [ready] = (await child.within(once(child.process, 'message'))) as [{ port: number }];
    return { child, port: ready.port };
  }

  get errors(): string {
    return this.#errors;
  }

  /** The answer to a question. One child answers in its own order, so answers carry their question's number. */
  ask<Answer>(question: object): Promise<Answer> {
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      const onMessage = (message: { answerTo?: number; answer?: Answer; error?: string }) => {
        if (message.answerTo !== id) return;
        this.process.off('message', onMessage);
        if (message.error === undefined) resolve(message.answer as Answer);
        else reject(new Error(message.error));
      };
      this.process.on('message', onMessage);
      this.process.send({ ...question, id }, (error) => error && reject(error));
    });
  }

  /** What `happening` resolves to, unless the process ends before that or it takes too long. */
  async within<T>(happening: Promise<T>): Promise<T> {
    const patience = new AbortController();
    const tooLong = once(AbortSignal.timeout(READY_WITHIN_MS), 'abort', { signal: patience.signal }).then(() => 'in time');
    const ended = once(this.process, 'exit', { signal: patience.signal }).then(() => 'before it ended');
    try {
      const first = await Promise.race([happening.then((value) => ({ value })), tooLong, ended]);
      if (typeof first === 'string') throw new Error(`${this.process.spawnfile} did not come up ${first}: ${this.#errors}`);
      return first.value;
    } finally {
      for (const waiting of [tooLong, ended]) waiting.catch(() => undefined);
      patience.abort();
    }
  }

  /** Ends it, at once and for good. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.#kill();
    await ended;
  }

  readonly #kill = (): void => void this.process.kill('SIGKILL');
}

/** A loopback port that was free a moment ago, for an engine that cannot choose one itself. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
