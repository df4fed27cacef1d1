/**
 * Python in sessions of AgentCore's Code Interpreter: machines of their own, which have no network where the interpreter's mode is `sandbox`. The
 * service knows sessions by id, so that any Lambda finds them; it ends them at a time that is set when they begin, and not for being idle.
 */
import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Clock, within } from '../domain/clock.ts';
import { inTurn } from '../ports/in-turn.ts';
import {
  checkSandboxPath,
  DATA_FOLDER,
  EXECUTION_MS,
  type ExecuteOptions,
  type Execution,
  isSandboxPath,
  MOST_CHANGED_FILES,
  MOST_IMAGE_BYTES,
  MOST_IMAGES,
  MOST_SANDBOX_FILE_BYTES,
  type Sandbox,
  SandboxFileError,
  SandboxUnavailableError,
  SessionGoneError,
} from '../ports/sandbox.ts';
import { unkeptNote } from '../sandbox/logs.ts';
import { AnswerLostError, BusyError, Interpreter } from './interpreter.ts';
import { asking, beginning, type Question, STAGE } from './sandbox-driver.ts';
import { inPieces, logsOf, PIECE_BYTES, Slice, slices } from './sandbox-pieces.ts';

/** Code is interrupted in its session when its time is up. When no answer has come so long after, the session is ended. */
const GRACE_MS = 5000;
/** For what is asked of a session beside code of the model. */
const ASIDE_MS = 60_000;
/** A session is worth an execution only if it lasts so much longer. */
const SPARE_MS = 60_000;
/** The service has no idle time: this bounds what a session costs that nobody closes. It allows 8 hours. */
const USUAL_SESSION_SECONDS = 3600;

export interface SandboxSettings {
  client: BedrockAgentCoreClient;
  /** The code interpreter's id. Its network mode is its own, and must be `SANDBOX`. */
  identifier: string;
  clock: Clock;
  sessionSeconds?: number;
}

const counted = z.number().int().nonnegative();
/** Written by a program that shares its interpreter with a stranger's code: nothing of it is believed. */
const Executed = z.object({
  outcome: z.enum(['ok', 'error', 'timed_out']),
  head: z.base64(),
  dropped: counted,
  tail: z.base64(),
  images: z.array(counted).max(MOST_IMAGES).refine((sizes) => sizes.reduce((sum, bytes) => sum + bytes, 0) <= MOST_IMAGE_BYTES),
  files: z.array(z.tuple([z.string(), counted])),
});
const Taken = z.enum(['taken', 'altered', 'missing', 'no_place', 'no_room']);

export function makeSandbox({ client, identifier, clock, sessionSeconds = USUAL_SESSION_SECONDS }: SandboxSettings): Sandbox {
  const interpreter = new Interpreter({ client, identifier, clock });

  /** What the session's own program answers. AnswerLostError when it says nothing that makes sense. */
  async function ask<T>(id: string, question: Question, shape: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const word = `${randomUUID()}:`;
    const said = await freed(id, interpreter.execute(id, asking(word, question), { signal, isStrangers: question.do === 'execute' }));
    return understood(said.slice(said.indexOf(word) + word.length), said.includes(word), shape);
  }

  /** Something beside code of the model. */
  async function aside<T>(id: string, question: Question, shape: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await within(clock, { ms: ASIDE_MS, late, signal }, (over) => ask(id, question, shape, over));
    } catch (error) {
      if (error instanceof EndedError) {
        await drop(id);
        throw new SessionGoneError(error.message, { cause: error });
      }
      throw unavailable(error);
    }
  }

  /** Ends a session that nobody is to use again. When that fails it ends by itself, in time. */
  const drop = (id: string): Promise<void> => interpreter.stop(id).catch(() => undefined);

  /** Whoever asks here has its turn: a session that is busy all the same has been left by one that died, with code that may go on for long. */
  async function freed<T>(id: string, asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      await drop(id);
      throw new SessionGoneError('The session of the code interpreter did not become free.', { cause: error });
    }
  }

  async function executed(id: string, code: string, { timeoutMs = EXECUTION_MS, signal, onLogs }: ExecuteOptions): Promise<Execution> {
    const question: Question = { do: 'execute', code, seconds: timeoutMs / 1000 };
    const answer = await within(clock, { ms: timeoutMs + GRACE_MS, late: () => new TooLateError(), signal }, (over) => ask(id, question, Executed, over));
    const plain = answer.files.filter(([path]) => isSandboxPath(path));
    const files = plain.slice(0, MOST_CHANGED_FILES);
    const logs = `${logsOf(answer)}${unkeptNote(answer.files.length - plain.length)}`;
    // Pictures take their time.
    if (logs !== '') onLogs?.(logs);
    const { images, missing, isOver } = await imagesOf(id, answer.images, signal);
    const more = missing > 0 ? `\n[${missing} of the pictures could not be fetched]\n` : '';
    if (more !== '') onLogs?.(more);
    return { outcome: answer.outcome, logs: `${logs}${more}`, images, files: files.map(([path, bytes]) => ({ path, bytes })), isOver };
  }

  /** The code may have taken them away itself, and a thread that it has left may end everything while they are fetched. */
  async function imagesOf(id: string, sizes: readonly number[], signal?: AbortSignal): Promise<{ images: Uint8Array[]; missing: number; isOver: boolean }> {
    const images: Uint8Array[] = [];
    const so = (isOver: boolean) => ({ images, missing: sizes.length - images.length, isOver });
    for (const [image, bytes] of sizes.entries()) {
      const pieces: Buffer[] = [];
      try {
        for await (const piece of slices((start) => aside(id, { do: 'slice', path: null, image, start, most: PIECE_BYTES }, Slice, signal), bytes)) pieces.push(piece);
        images.push(Buffer.concat(pieces));
      } catch (error) {
        signal?.throwIfAborted();
        // What has been executed is told all the same: to fail here would have it executed again.
        if (error instanceof SessionGoneError) return so(true);
        // One that does not answer would have each of them waited for.
        if (error instanceof SandboxUnavailableError) return so(false);
        if (!(error instanceof SandboxFileError)) throw error;
      }
    }
    return so(false);
  }

  return {
    // To ask would be to begin a session, which costs time and money.
    check: () => Promise.resolve(),

    async open() {
      const untilMs = clock.nowMs() + sessionSeconds * 1000;
      const id = await interpreter.start(sessionSeconds);
      try {
        const word = randomUUID();
        const said = await within(clock, { ms: ASIDE_MS, late }, (signal) => interpreter.execute(id, beginning(word), { signal }));
        if (!said.includes(word)) throw new SandboxUnavailableError(`AgentCore's Python cannot be used as it is: ${said.slice(0, 200)}`);
      } catch (error) {
        await drop(id);
        throw unavailable(error);
      }
      return `${id} ${untilMs}`;
    },

    async execute(session, code, options = {}) {
      const { id, untilMs } = parsed(session);
      return inTurn(session, async () => {
        options.signal?.throwIfAborted();
        if (untilMs - clock.nowMs() < (options.timeoutMs ?? EXECUTION_MS) + SPARE_MS) {
          await drop(id);
          throw new SessionGoneError('The session of the code interpreter is about to end.');
        }
        try {
          return await executed(id, code, options);
        } catch (error) {
          // Nothing was begun.
          if (error instanceof SessionGoneError || error instanceof SandboxUnavailableError) throw error;
          // The code may still be at it, or nobody knows what it has left behind.
          const dropped = drop(id);
          // Whoever gives up is not kept waiting.
          if (options.signal?.aborted === true) throw error;
          await dropped;
          if (error instanceof TooLateError) return lost('timed_out');
          if (error instanceof AnswerLostError) return lost('killed');
          throw error;
        }
      });
    },

    async put(session, path, content) {
      const { id } = parsed(session);
      checkSandboxPath(path);
      return inTurn(session, async () => {
        const token = randomUUID();
        const digest = createHash('sha256');
        let parts = 0;
        try {
          for await (const piece of inPieces(content, path)) {
            digest.update(piece);
            await freed(id, interpreter.write(id, `${STAGE}/${token}-${parts++}`, piece));
          }
        } catch (error) {
          // What has arrived of it would take the room of what comes next.
          if (error instanceof SandboxFileError) await aside(id, { do: 'discard', token, parts }, z.null()).catch(() => undefined);
          throw error;
        }
        const taken = await aside(id, { do: 'take', path, token, parts, sha256: digest.digest('hex') }, Taken);
        if (taken === 'no_place') throw new SandboxFileError(`${DATA_FOLDER}/${path} cannot be written: there is something else in its place`);
        if (taken === 'no_room') throw new SandboxFileError(`there is no room for ${DATA_FOLDER}/${path}`);
        if (taken !== 'taken') throw new SandboxUnavailableError(`AgentCore's writeFiles has not kept a file as it was sent: ${taken}`);
      });
    },

    async read(session, path) {
      const { id } = parsed(session);
      checkSandboxPath(path);
      const at = (start: number) => inTurn(session, () => aside(id, { do: 'slice', path, image: null, start, most: PIECE_BYTES }, Slice));
      const first = await at(0);
      if (!first) return undefined;
      if (first.bytes > MOST_SANDBOX_FILE_BYTES) throw new SandboxFileError(`${DATA_FOLDER}/${path} has ${first.bytes} bytes, and ${MOST_SANDBOX_FILE_BYTES} can be taken out at most`);
      return { bytes: first.bytes, body: ReadableStream.from(slices((start) => (start === 0 ? first : at(start)), first.bytes)) };
    },

    async close(session) {
      try {
        await interpreter.stop(parsed(session).id);
      } catch (error) {
        if (!(error instanceof SessionGoneError)) throw error;
      }
    },
  };
}

/** The time that an execution has is over, and its answer has not come. */
class TooLateError extends Error {}

/** The session answers, but what it was told at its beginning is not there any more, or not as it was. */
class EndedError extends AnswerLostError {}

const lost = (outcome: 'timed_out' | 'killed'): Execution => ({ outcome, logs: '', images: [], files: [], isOver: true });

/** A session's name: the service's id, and when it will have ended in any case. */
function parsed(session: string): { id: string; untilMs: number } {
  const [, id, until] = /^([\w-]+) (\d+)$/.exec(session) ?? [];
  if (id === undefined) throw new SessionGoneError('There is no such session of the code interpreter.');
  return { id, untilMs: Number(until) };
}

const late = () => new AnswerLostError(`There was no answer within ${ASIDE_MS / 1000} seconds.`);
/** What was asked beside code of the model may be asked again. */
const unavailable = (error: unknown): unknown => (error instanceof AnswerLostError ? new SandboxUnavailableError(error.message, { mayPass: true, cause: error }) : error);

function understood<T>(said: string, isThere: boolean, shape: z.ZodType<T>): T {
  if (!isThere) throw new EndedError('The interpreter has ended under what it executed.');
  try {
    return shape.parse(JSON.parse(said));
  } catch (cause) {
    throw new EndedError('The interpreter has not answered as it should.', { cause });
  }
}
