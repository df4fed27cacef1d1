/** Where Python that a model has written is executed, away from everything of ours and of others. */

/** The folder that the code finds its files in, and begins in. */
export const DATA_FOLDER = '/mnt/data';
export const EXECUTION_MS = 120_000;
/** The most that one file can have, in or out: what AgentCore takes in one piece. */
export const MOST_SANDBOX_FILE_BYTES = 100_000_000;
/** Of an execution's output, in UTF-8; of more, the beginning and the end are kept. */
export const MOST_LOG_BYTES = 96 * 1024;
export const MOST_IMAGES = 20;
export const MOST_IMAGE_BYTES = 8 * 1024 * 1024;
/** The most files that an execution can hand over; what it changed beyond them stays where it is. */
export const MOST_CHANGED_FILES = 100;

/**
 * `error`: the code raised an exception, and its traceback ends the logs. `timed_out`: it took longer than it may. `out_of_memory`: its
 * processes together did. `too_much_data`: its files did. `killed`: the interpreter ended under it, by the code's own doing.
 */
export type Outcome = 'ok' | 'error' | 'timed_out' | 'out_of_memory' | 'too_much_data' | 'killed';

export interface SandboxFile {
  /** Below the data folder, its parts joined by '/': well-formed text without control characters, never leading out. */
  path: string;
  bytes: number;
}

export interface Execution {
  outcome: Outcome;
  /** What was written to stdout and stderr, in order, and the last expression's value as a notebook shows it. No NUL, no lone surrogates. */
  logs: string;
  /** PNGs, in the order in which they were shown: figures of matplotlib, shown or left open, and what `display` was given. */
  images: Uint8Array[];
  /** What is there that was not before this execution, or not like this. By path. What `put` brought is not among them. */
  files: SandboxFile[];
  /** The session has ended with it: variables and files are gone, and whoever goes on begins a new one. */
  isOver: boolean;
}

export interface ExecuteOptions {
  /** After it the code is interrupted; when that does not help, the session is ended. */
  timeoutMs?: number;
  /** Stops it likewise; `execute` then rejects with the signal's reason. The session may live on or not. */
  signal?: AbortSignal | undefined;
  /** The logs, piece by piece, as they come: joined they are `logs`. An adapter may come with all of them at the end. */
  onLogs?: ((text: string) => void) | undefined;
}

/**
 * A session is named by a string that can be kept and handed to another process. It has one interpreter, whose variables last as long as it,
 * and one data folder. It ends when it is closed, when nobody has used it for a while, and when its time is up; all that it had is wiped.
 * Of a session that has ended every method but `close` throws SessionGoneError. What is asked of one session is done one after the other;
 * between executions its processes do nothing where the adapter can hold them (embedded), and on AWS what code has left behind goes on.
 */
export interface Sandbox {
  /** Resolves when sessions can be had here, as far as that is known beforehand; SandboxUnavailableError when there can be none. */
  check(): Promise<void>;
  /** Begins a session. SandboxUnavailableError when there can be none. */
  open(): Promise<string>;
  /** Whatever the code does is an outcome: an error of this promise is never the code's fault. */
  execute(session: string, code: string, options?: ExecuteOptions): Promise<Execution>;
  /** Writes a file, in the place of one that had this path. SandboxFileError for a path that no file can have and for what is too large. */
  put(session: string, path: string, content: ReadableStream<Uint8Array>): Promise<void>;
  /**
   * Undefined when there is no such file, or what is there is none (a folder, link, pipe, device). To be read to its end or cancelled. When the
   * file is not there any more half-way through, or the session is not, the stream fails. SandboxFileError for what is too large.
   */
  read(session: string, path: string): Promise<{ bytes: number; body: ReadableStream<Uint8Array> } | undefined>;
  /** Does nothing about a session that has ended. */
  close(session: string): Promise<void>;
}

/** There is no such session any more: it timed out, was ended, or its server was. */
export class SessionGoneError extends Error {
  override readonly name = 'SessionGoneError';
}

/** Nothing can be executed. The message is for the operator and says what to do. */
export class SandboxUnavailableError extends Error {
  override readonly name = 'SandboxUnavailableError';
  /** Later it may be possible, without anybody doing anything. */
  readonly mayPass: boolean;
  constructor(message: string, { mayPass = false, ...options }: ErrorOptions & { mayPass?: boolean } = {}) {
    super(message, options);
    this.mayPass = mayPass;
  }
}

/** A file cannot go in or come out. The message says why, for whoever made the file. */
export class SandboxFileError extends Error {
  override readonly name = 'SandboxFileError';
}

const MOST_PATH_BYTES = 512;
const MOST_NAME_BYTES = 255;
const MOST_DEPTH = 8;

/** A path below the data folder: relative, no part of it empty, `.` or `..`, and nothing in it that a terminal or a header could trip over. */
export function isSandboxPath(path: string): boolean {
  const parts = path.split('/');
  if (!path.isWellFormed() || /\p{Cc}/u.test(path) || Buffer.byteLength(path) > MOST_PATH_BYTES || parts.length > MOST_DEPTH) return false;
  return parts.every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= MOST_NAME_BYTES);
}

export function checkSandboxPath(path: string): string {
  if (!isSandboxPath(path)) throw new SandboxFileError(`no file can have the path ${JSON.stringify(path.slice(0, 100))}`);
  return path;
}
