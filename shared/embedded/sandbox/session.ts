/** One session: its processes, and what is asked of them, one thing after the other. */
import type { Clock } from '../../domain/clock.ts';
import { EXECUTION_MS, type ExecuteOptions, type Execution, MOST_CHANGED_FILES, MOST_IMAGES, MOST_IMAGE_BYTES, MOST_LOG_BYTES, MOST_SANDBOX_FILE_BYTES, SandboxFileError, SessionGoneError, isSandboxPath } from '../../ports/sandbox.ts';
import { LOG_TAIL_BYTES, LogText, leftOutNote, unkeptNote } from '../../sandbox/logs.ts';
import { NOTEBOOK } from '../../sandbox/notebook.ts';
import { Frames, type Told, frame } from './frames.ts';
import { type LaunchSettings, type Launched, launch, refusal } from './launch.ts';
import { wipe } from './wipe.ts';

export interface Limits {
  memoryBytes: number;
  diskBytes: number;
  /** Files and folders. */
  files: number;
  /** Threads count as such. */
  processes: number;
  /** Between asking the code to stop and ending the session. */
  graceMs: number;
}

export interface SessionSettings extends LaunchSettings, Limits {
  clock: Clock;
}

const PIECE_BYTES = 256 * 1024;
const UP_WITHIN_MS = 20_000;
/** The supervisor keeps the time itself. When even it does not answer, so much later the session is ended from outside. */
const SUPERVISOR_LATE_MS = 5_000;
const MOST_SAID = 4_000;

type Listener = (told: Told, data: Uint8Array) => void;

export class Session {
  readonly #settings: SessionSettings;
  readonly #launched: Launched;
  readonly #ended: Promise<void>;
  #isOver = false;
  #isLate = false;
  #said = '';
  #failure: Error | undefined;
  #listener: Listener | undefined;
  #onEnd: (() => void) | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(settings: SessionSettings, folders: readonly string[]) {
    this.#settings = settings;
    this.#launched = launch(settings, folders);
    const { child } = this.#launched;
    const frames = new Frames(MOST_IMAGE_BYTES);
    child.stdin?.on('error', () => undefined);
    child.stderr?.on('data', (piece: Buffer) => (this.#said = (this.#said + piece.toString()).slice(0, MOST_SAID)));
    child.stdout?.on('data', (piece: Buffer) => {
      try {
        for (const { told, data } of frames.take(piece)) this.#listener?.(told, data);
      } catch (error) {
        this.#failure = error as Error;
        this.end();
      }
    });
    this.#ended = new Promise((resolve) => {
      const onEnd = (error?: Error) => {
        this.#failure ??= error;
        this.end();
        this.#wipe();
        this.#onEnd?.();
        resolve();
      };
      child.once('error', onEnd);
      child.once('close', () => onEnd());
    });
  }

  /** SandboxUnavailableError when it does not come up. */
  static async begin(settings: SessionSettings, folders: readonly string[]): Promise<Session> {
    const session = orRefuse(settings, () => new Session(settings, folders));
    const { memoryBytes: memory, diskBytes: disk, files, processes } = settings;
    const asked = { data: session.#launched.dataFolder, memory, disk, files, processes, image: MOST_IMAGE_BYTES };
    try {
      await session.#ask(asked, Buffer.from(NOTEBOOK), UP_WITHIN_MS, (told) => told.event === 'ready' || undefined);
    } catch (error) {
      await session.close();
      throw refusal(settings, session.#said, session.#failure ?? (error as Error));
    }
    return session;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether something is being done in it, or waits for its turn. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  execute(code: string, { timeoutMs = EXECUTION_MS, signal, onLogs }: ExecuteOptions): Promise<Execution> {
    return this.#inTurn(async () => {
      signal?.throwIfAborted();
      const { graceMs, isolated } = this.#settings;
      const images: Uint8Array[] = [];
      const text = new LogText();
      let logs = '';
      const log = (piece: string) => {
        if (piece === '') return;
        logs += piece;
        onLogs?.(piece);
      };
      const stop = () => this.#send({ do: 'stop' });
      signal?.addEventListener('abort', stop, { once: true });
      const limits = { timeout: timeoutMs / 1000, grace: graceMs / 1000, head: MOST_LOG_BYTES - LOG_TAIL_BYTES, tail: LOG_TAIL_BYTES, images: MOST_IMAGES, image_bytes: MOST_IMAGE_BYTES, most_files: MOST_CHANGED_FILES };
      // Where the session has no /mnt/data of its own, the code is told where its files really are.
      const source = isolated ? code : code.replaceAll('/mnt/data', this.#launched.dataFolder);
      try {
        const done = await this.#ask({ do: 'execute', ...limits }, Buffer.from(source), timeoutMs + graceMs + SUPERVISOR_LATE_MS, (told, data) => {
          if (told.event === 'logs') log(text.piece(data));
          if (told.event === 'left_out') log(text.end() + leftOutNote(told.bytes));
          if (told.event === 'image' && isPng(data)) images.push(Uint8Array.from(data));
          return told.event === 'done' ? told : undefined;
        }).catch((error: unknown) => {
          if (!(error instanceof SessionGoneError)) throw error;
          return { outcome: this.#isLate ? ('timed_out' as const) : ('killed' as const), over: true, files: [], unkept: 0 };
        });
        signal?.throwIfAborted();
        log(text.end() + unkeptNote(done.unkept));
        return { outcome: done.outcome, logs, images, files: done.files.filter(({ path }) => isSandboxPath(path)), isOver: done.over };
      } finally {
        signal?.removeEventListener('abort', stop);
        if (this.#isOver) await this.#ended;
      }
    });
  }

  put(path: string, content: ReadableStream<Uint8Array>): Promise<void> {
    return this.#inTurn(async () => {
      let at = 0;
      const send = (data: Uint8Array, last: boolean) => this.#file({ do: 'put', path, at, last }, data, path);
      try {
        for await (const chunk of content) {
          if (at + chunk.length > MOST_SANDBOX_FILE_BYTES) throw new SandboxFileError(`'${path}' has more than ${MOST_SANDBOX_FILE_BYTES} bytes`);
          for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
            const piece = chunk.subarray(from, from + PIECE_BYTES);
            await send(piece, false);
            at += piece.length;
          }
        }
        await send(new Uint8Array(), true);
      } catch (error) {
        if (!this.#isOver) await this.#file({ do: 'drop' }, new Uint8Array(), path);
        throw error;
      }
    });
  }

  /** One piece of a file, and how large it is now; undefined when there is no such file. `tag` changes when the file does. */
  readPiece(path: string, at: number): Promise<{ bytes: number; tag: string; data: Uint8Array } | undefined> {
    return this.#inTurn(() => this.#file({ do: 'read', path, at, length: at < 0 ? 0 : PIECE_BYTES }, new Uint8Array(), path));
  }

  /** Its processes end. What had been asked of it fails. */
  end(): void {
    this.#isOver = true;
    const { child } = this.#launched;
    if (this.#settings.isolated) child.kill('SIGKILL');
    // The supervisor ends the others when nobody speaks to it any more; killed, it could not.
    else child.stdin?.destroy();
  }

  /** Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.end();
    await this.#ended;
  }

  #wipe(): void {
    try {
      if (this.#launched.temporary !== undefined) wipe(this.#launched.temporary);
    } catch {
      // What has detached itself may still be writing there. The next start wipes the whole folder.
    }
  }

  async #file(request: object, data: Uint8Array, path: string): Promise<{ bytes: number; tag: string; data: Uint8Array } | undefined> {
    return this.#ask(request, data, UP_WITHIN_MS, (told, found) => {
      if (told.event === 'read') return { answer: { ...told, data: Uint8Array.from(found) } };
      if (told.event === 'put') return { answer: undefined };
      if (told.event !== 'failed') return undefined;
      if (told.code === 'ENOSPC' || told.code === 'EDQUOT') throw new SandboxFileError(`there is no room for '${path}' in the session's ${this.#settings.diskBytes} bytes`);
      if ('do' in request && request.do === 'put') throw new SandboxFileError(`'${path}' cannot be written (${told.code})`);
      return { answer: undefined };
    }).then(({ answer }) => answer);
  }

  #send(request: object, data?: Uint8Array): void {
    if (!this.#isOver) this.#launched.child.stdin?.write(frame(request, data));
  }

  /** Resolves with what `listen` makes of the answers, when it makes something; rejects with what it throws. */
  #ask<T>(request: object, data: Uint8Array, withinMs: number, listen: (told: Told, data: Uint8Array) => T | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#isOver) return reject(new SessionGoneError('the session has ended'));
      const cancel = this.#settings.clock.after(withinMs, () => {
        this.#isLate = true;
        this.end();
      });
      const settle = (act: () => void) => {
        cancel();
        this.#listener = this.#onEnd = undefined;
        act();
      };
      this.#onEnd = () => settle(() => reject(new SessionGoneError('the session ended while something was done in it')));
      this.#listener = (told, content) => {
        try {
          const made = listen(told, content);
          if (told.event === 'done' && told.over) this.end();
          if (made !== undefined) settle(() => resolve(made));
        } catch (error) {
          settle(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
      };
      this.#send(request, data);
    });
  }

  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    if (this.#isOver) throw new SessionGoneError('the session has ended');
    this.#waiting++;
    const mine = this.#turn.then(act);
    this.#turn = mine.catch(() => undefined);
    return mine.finally(() => this.#waiting--);
  }
}

/** Some reasons for which no process can be started are thrown at once. */
function orRefuse(settings: LaunchSettings, make: () => Session): Session {
  try {
    return make();
  } catch (error) {
    throw refusal(settings, '', error as Error);
  }
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const isPng = (bytes: Uint8Array): boolean => PNG.equals(bytes.subarray(0, PNG.length));
