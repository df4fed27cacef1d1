/** Sessions in processes of this machine: python3 under bubblewrap. docs/sandbox.md says what that keeps apart, and what not. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Clock } from '../domain/clock.ts';
import { MOST_SANDBOX_FILE_BYTES, type Sandbox, SandboxFileError, SandboxUnavailableError, SessionGoneError, checkSandboxPath } from '../ports/sandbox.ts';
import { FOLDER_MODE } from './files.ts';
import { foldersOf } from './sandbox/launch.ts';
import { type Limits, Session } from './sandbox/session.ts';
import { wipe } from './sandbox/wipe.ts';

export interface SandboxSettings {
  clock: Clock;
  /** Nobody else's: what is in it is removed. */
  folder: string;
  /** By its whole path. */
  python?: string | undefined;
  bwrap?: string | undefined;
  /** Code of the model's runs with all that the server's user may do. Never but where that is understood. */
  withoutIsolation?: boolean;
  idleMs?: number;
  mostSessions?: number;
  limits?: Partial<Limits>;
}

export interface EmbeddedSandbox extends Sandbox {
  /** Ends every session. */
  stop(): Promise<void>;
}

const MB = 1024 * 1024;
const LIMITS: Limits = { memoryBytes: 512 * MB, diskBytes: 512 * MB, files: 10_000, processes: 64, graceMs: 2_000 };
/** As long as AgentCore keeps one. */
const IDLE_MS = 900_000;
/** Each can hold a gigabyte of this machine's memory. */
const MOST_SESSIONS = 16;
/** Whoever opens a session is about to use it, and whoever has executed code reads its files next, one after the other: for so long it is at work all the same. */
const STILL_AT_WORK_MS = 5_000;

interface Kept {
  session: Session;
  usedAtMs: number;
  /** Ends it if nothing is asked of it any more. */
  cancel: () => void;
}

export function makeSandbox({ clock, folder, python = '/usr/bin/python3', bwrap = '/usr/bin/bwrap', withoutIsolation = false, idleMs = IDLE_MS, mostSessions = MOST_SESSIONS, limits }: SandboxSettings): EmbeddedSandbox {
  const settings = { ...LIMITS, ...limits, clock, folder, python, bwrap, isolated: !withoutIsolation };
  wipe(folder);
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  /** Those used last stand last. */
  const sessions = new Map<string, Kept>();
  const opening = new Set<Promise<Session>>();
  /** Those that are being begun, or made room for. */
  let coming = 0;
  let isStopped = false;
  let hasWorked = false;
  let folders: Promise<string[]> | undefined;

  const forget = (id: string): Session | undefined => {
    const kept = sessions.get(id);
    kept?.cancel();
    sessions.delete(id);
    return kept?.session;
  };

  /** Whoever is used later is idle later: the timer starts anew, and it stands behind the others. */
  const keep = (id: string, session: Session) => {
    forget(id);
    if (session.isOver) return;
    sessions.set(id, { session, usedAtMs: clock.nowMs(), cancel: clock.after(idleMs, () => (session.isBusy ? keep(id, session) : forget(id)?.end())) });
  };

  /** A time that lies ahead is of a clock that was set back since. */
  const isAtWork = ({ session, usedAtMs }: Kept): boolean => session.isBusy || Math.abs(clock.nowMs() - usedAtMs) < STILL_AT_WORK_MS;

  /** Makes room for one more, at the cost of who was idle longest. From the first moment on it counts, or those that come together would all find room. */
  const makeRoom = async () => {
    for (const [id, { session }] of sessions) if (session.isOver) forget(id);
    if (sessions.size + ++coming <= mostSessions) return;
    const [id] = [...sessions].find(([, kept]) => !isAtWork(kept)) ?? [];
    if (id === undefined) throw new SandboxUnavailableError(`all ${mostSessions} sessions of code_interpreter are at work; more can be allowed where there is the memory for them`, { mayPass: true });
    await forget(id)?.close();
  };

  const use = async <T>(id: string, act: (session: Session) => Promise<T>): Promise<T> => {
    const session = sessions.get(id)?.session;
    if (!session || session.isOver) throw new SessionGoneError(`there is no session ${id}`);
    try {
      return await act(session);
    } finally {
      if (sessions.has(id)) keep(id, session);
    }
  };

  return {
    async check() {
      // What has worked once is not asked for again: whoever runs code afterwards will hear of it.
      if (hasWorked) return;
      const id = await this.open();
      await this.close(id);
    },
    async open() {
      if (isStopped) throw new SandboxUnavailableError('the server is stopping', { mayPass: true });
      folders ??= settings.isolated ? foldersOf(settings) : Promise.resolve([]);
      // What was missing may have been installed since.
      folders.catch(() => (folders = undefined));
      const found = await folders;
      let begun: Promise<Session> | undefined;
      try {
        await makeRoom();
        begun = Session.begin(settings, found);
        opening.add(begun);
        const session = await begun;
        const id = randomUUID();
        if (isStopped) await session.close();
        keep(id, session);
        hasWorked = true;
        return id;
      } finally {
        coming--;
        if (begun) opening.delete(begun);
      }
    },
    execute: (id, code, options = {}) => use(id, (session) => session.execute(code, options)),
    async put(id, path, content) {
      checkSandboxPath(path);
      await use(id, (session) => session.put(path, content));
    },
    async read(id, path) {
      checkSandboxPath(path);
      const first = await use(id, (session) => session.readPiece(path, 0));
      if (!first) return undefined;
      const { bytes, tag } = first;
      if (bytes > MOST_SANDBOX_FILE_BYTES) throw new SandboxFileError(`'${path}' has ${bytes} bytes, more than ${MOST_SANDBOX_FILE_BYTES}`);
      let at = 0;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const piece = at === 0 ? first : await use(id, (session) => session.readPiece(path, at));
          if (piece?.tag !== tag) throw new SandboxFileError(`'${path}' changed while it was read`);
          at += piece.data.length;
          if (piece.data.length > 0) controller.enqueue(piece.data);
          if (at >= bytes || piece.data.length === 0) controller.close();
        },
      }, { highWaterMark: 0 });
      return { bytes, body };
    },
    async close(id) {
      await forget(id)?.close();
    },
    async stop() {
      isStopped = true;
      const opened = await Promise.allSettled([...opening]);
      await Promise.all(opened.map(async (open) => open.status === 'fulfilled' && (await open.value.close())));
      await Promise.all([...sessions].map(async ([id, { session }]) => {
        forget(id);
        await session.close();
      }));
      wipe(folder);
    },
  };
}
