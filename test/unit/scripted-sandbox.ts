/** A sandbox in memory: code does what the next script says, and whatever no script foresees fails and is remembered. */
import { buffer } from 'node:stream/consumers';
import { type ExecuteOptions, type Execution, type Sandbox, SessionGoneError } from '../../shared/ports/sandbox.ts';

/** What comes of an execution. `writes`: files it leaves, by their paths; `files` says otherwise what is told of them. */
export type Come = Partial<Execution> & { writes?: Record<string, string> };
export type Script = Come | ((given: { session: string; code: string } & ExecuteOptions) => Promise<Come>);

export class ScriptedSandbox implements Sandbox {
  readonly scripts: Script[] = [];
  /** Thrown by the next calls of these, one each. */
  readonly failing: { open: Error[]; put: Error[]; read: Error[]; close: Error[] } = { open: [], put: [], read: [], close: [] };
  readonly executed: { session: string; code: string }[] = [];
  /** Code of ours, which makes links. */
  readonly linked: string[] = [];
  readonly reads: string[] = [];
  readonly closed: string[] = [];
  readonly unforeseen: string[] = [];
  readonly #live = new Map<string, Map<string, Buffer>>();
  /** Files that are too large to be held here, by their paths: how many bytes come. */
  readonly large = new Map<string, number>();
  opened = 0;
  /** What a new session waits for. */
  opening: Promise<void> = Promise.resolve();
  check: () => Promise<void> = () => Promise.resolve();

  /** The files that there are in a session now; undefined of one that has ended. */
  filesOf(session: string): Record<string, string> | undefined {
    const files = this.#live.get(session);
    return files && Object.fromEntries([...files].map(([path, content]) => [path, content.toString()]));
  }

  get live(): string[] {
    return [...this.#live.keys()];
  }

  /** As when its server dies. */
  end(session: string): void {
    this.#live.delete(session);
  }

  async open(): Promise<string> {
    this.#fail('open');
    const session = `session-${++this.opened}`;
    await this.opening;
    this.#live.set(session, new Map());
    return session;
  }

  async execute(session: string, code: string, options: ExecuteOptions = {}): Promise<Execution> {
    const files = this.#filesOf(session);
    if (code.startsWith('exec(')) {
      this.linked.push(code);
      return { outcome: 'ok', logs: '', images: [], files: [], isOver: false };
    }
    const script = this.scripts.shift();
    if (!script) {
      this.unforeseen.push(`execute ${code}`);
      throw new Error('code that no script is left for');
    }
    this.executed.push({ session, code });
    const { writes = {}, ...come } = typeof script === 'function' ? await script({ session, code, ...options }) : script;
    if (typeof script !== 'function' && come.logs !== undefined) options.onLogs?.(come.logs);
    for (const [path, content] of Object.entries(writes)) files.set(path, Buffer.from(content));
    if (come.isOver) this.end(session);
    const written = Object.keys(writes).sort().map((path) => ({ path, bytes: Buffer.byteLength(writes[path] ?? '') }));
    return { outcome: 'ok', logs: '', images: [], files: written, isOver: false, ...come };
  }

  async put(session: string, path: string, content: ReadableStream<Uint8Array>): Promise<void> {
    const files = this.#filesOf(session);
    const bytes = await buffer(content);
    this.#fail('put');
    files.set(path, bytes);
  }

  async read(session: string, path: string): Promise<{ bytes: number; body: ReadableStream<Uint8Array> } | undefined> {
    this.reads.push(path);
    const content = this.#filesOf(session).get(path);
    this.#fail('read');
    const large = this.large.get(path);
    if (large !== undefined) return { bytes: large, body: ReadableStream.from(zeros(large)) };
    return Promise.resolve(content && { bytes: content.byteLength, body: ReadableStream.from(content.byteLength === 0 ? [] : [new Uint8Array(content)]) });
  }

  async close(session: string): Promise<void> {
    this.closed.push(session);
    this.#fail('close');
    this.#live.delete(session);
    return Promise.resolve();
  }

  #filesOf(session: string): Map<string, Buffer> {
    const files = this.#live.get(session);
    if (!files) throw new SessionGoneError(`there is no ${session}`);
    return files;
  }

  #fail(call: keyof typeof this.failing): void {
    const error = this.failing[call].shift();
    if (error) throw error;
  }
}

const CHUNK = new Uint8Array(1024 * 1024);

async function* zeros(bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let left = bytes; left > 0; left -= CHUNK.byteLength) yield await Promise.resolve(CHUNK.subarray(0, left));
}

/** Code that says this and then goes on until it is stopped. `begun` resolves when it has begun. */
export function endless(...logs: string[]): { script: Script; begun: Promise<void> } {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const script: Script = ({ signal, onLogs }) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      for (const text of logs) onLogs?.(text);
      resolve();
    });
  return { script, begun };
}
