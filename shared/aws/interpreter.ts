/** AgentCore's Code Interpreter, as far as it is used: sessions, code that is executed in them, files that are put there. */
import {
  BedrockAgentCoreClient,
  BedrockAgentCoreServiceException,
  GetCodeInterpreterSessionCommand,
  InvokeCodeInterpreterCommand,
  type InvokeCodeInterpreterCommandInput,
  ResourceNotFoundException,
  StartCodeInterpreterSessionCommand,
  StopCodeInterpreterSessionCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import { randomUUID } from 'node:crypto';
import { pipeline, Readable, Transform } from 'node:stream';
import { type Clock, sleep, within } from '../domain/clock.ts';
import { EXECUTION_MS, SandboxFileError, SandboxUnavailableError, SessionGoneError } from '../ports/sandbox.ts';

/** Where it is when it is not AWS's own. */
interface Elsewhere {
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  endpoint?: string | undefined;
}

/** What the service takes to begin and to end a session, and to take a file: answers beyond this are lost. */
const USUAL_MS = 30_000;
/** An execution answers at its end only. Whoever asks has a limit of their own, which is shorter. */
const LONGEST_MS = EXECUTION_MS + 60_000;
/** Pauses before another try of what the service turned away, or of what does no harm when it is done twice. */
const PAUSES_MS = [200, 500, 1000, 2000, 3000];

/** Of one answer. Code can have its session say anything; a piece of a file comes to 6 MB, since the service tells it twice. */
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;

/** Turned away for the moment: nothing was begun. */
const REFUSED_FOR_NOW = new Set(['ThrottlingException', 'ConflictException']);
/** The session is at work for somebody else; that it has ended is possible too. */
const BUSY = 'ConflictException';
/** A limit of the account that others' sessions take up; to try again at once would not help. */
const AT_LIMIT = 'ServiceQuotaExceededException';
/** Which of them tells of a session that has ended is not written anywhere; the session itself can be asked about. */
const MAY_MEAN_GONE = new Set(['ResourceNotFoundException', 'ValidationException', 'ConflictException']);

/** Asked once, it never answers twice: to try again is decided here, for code that has been executed must not be executed again. */
export function makeAgentCore(elsewhere?: Elsewhere): BedrockAgentCoreClient {
  const agent = { keepAlive: true, maxSockets: 1280 };
  const requestHandler = { connectionTimeout: 1000, requestTimeout: LONGEST_MS, socketTimeout: LONGEST_MS, throwOnRequestTimeout: true, httpAgent: agent, httpsAgent: agent };
  const { endpoint, ...where } = elsewhere ?? {};
  const client = new BedrockAgentCoreClient({ maxAttempts: 1, requestHandler, ...where, ...(endpoint !== undefined && { endpoint }) });
  client.middlewareStack.add(
    (next) => async (args) => {
      const { response, ...rest } = await next(args);
      return { ...rest, response: bounded(response) };
    },
    { step: 'deserialize', priority: 'low', name: 'bounded' },
  );
  return client;
}

/** An answer that breaks off when there is more of it than any can have that makes sense. */
function bounded(response: unknown): unknown {
  if (!(response instanceof Object && 'body' in response && response.body instanceof Readable)) return response;
  let bytes = 0;
  const limit = new Transform({
    transform(piece: Buffer, _, done) {
      bytes += piece.length;
      done(bytes > MOST_ANSWER_BYTES ? new Error(`There is more than ${MOST_ANSWER_BYTES} bytes of it.`) : null, piece);
    },
  });
  // Who reads it is told by the stream itself.
  return Object.assign(response, { body: pipeline(response.body, limit, () => undefined) });
}

/** The code was sent, and neither an answer came nor a refusal: whether it was executed, and how far, nobody knows. */
export class AnswerLostError extends Error {
  override readonly name = 'AnswerLostError';
}

/** The session has been at work for somebody else all the time that it was tried. */
export class BusyError extends SandboxUnavailableError {}

/** The request was accepted, and its answer has turned into something else: what was done until then, nobody knows. */
class BrokenOffError extends Error {
  override readonly name = 'BrokenOffError';
}

/**
 * `sessionId`: of the session that it is about. `signal`: with it a call that was taken on is not sent again, and ends with its answer or this;
 * without, it may be sent again whatever has become of it, and each time has a limit.
 */
interface Call {
  sessionId?: string;
  signal?: AbortSignal;
}

export class Interpreter {
  readonly #client: BedrockAgentCoreClient;
  readonly #codeInterpreterIdentifier: string;
  readonly #clock: Clock;

  constructor({ client, identifier, clock }: { client: BedrockAgentCoreClient; identifier: string; clock: Clock }) {
    this.#client = client;
    this.#codeInterpreterIdentifier = identifier;
    this.#clock = clock;
  }

  /** Begins a session, which ends by itself after so many seconds whatever it does then; resolves to its id. */
  async start(sessionTimeoutSeconds: number): Promise<string> {
    // The same for every try: a session whose answer was lost is the one that the next answer tells.
    const command = new StartCodeInterpreterSessionCommand({ ...this.#names(), name: 'threadkeep', sessionTimeoutSeconds, clientToken: randomUUID() });
    const { sessionId } = await this.#ask({}, (abortSignal) => this.#client.send(command, { abortSignal }));
    if (sessionId === undefined) throw new SandboxUnavailableError('AgentCore has begun no session.', { mayPass: true });
    return sessionId;
  }

  /** Ends it. SessionGoneError when it has ended. */
  async stop(sessionId: string): Promise<void> {
    const command = new StopCodeInterpreterSessionCommand({ ...this.#names(), sessionId, clientToken: randomUUID() });
    await this.#ask({ sessionId }, (abortSignal) => this.#client.send(command, { abortSignal }));
  }

  /**
   * Executes Python, never twice, and resolves to what it wrote to stdout. AnswerLostError when it cannot be told whether it was executed.
   * `isStrangers`: what it does is not known, so that no exception in the answer itself is taken for a refusal, but for one of too many requests.
   */
  execute(sessionId: string, code: string, { signal, isStrangers = false }: { signal: AbortSignal; isStrangers?: boolean }): Promise<string> {
    const command = { sessionId, name: 'executeCode', arguments: { code, language: 'python', clearContext: false } } as const;
    return this.#ask({ sessionId, signal }, (abortSignal) => this.#invoke(command, abortSignal, isStrangers));
  }

  /** Puts a file below the service's folder. SandboxFileError when the session does not take it: it may have no room. */
  async write(sessionId: string, path: string, blob: Uint8Array): Promise<void> {
    await this.#ask({ sessionId }, (abortSignal) => this.#invoke({ sessionId, name: 'writeFiles', arguments: { content: [{ path, blob }] } }, abortSignal));
  }

  readonly #names = () => ({ codeInterpreterIdentifier: this.#codeInterpreterIdentifier });

  /** One call of a tool: what it says. A stream may come in several results, and one without any has been cut. */
  async #invoke(command: Pick<InvokeCodeInterpreterCommandInput, 'sessionId' | 'name' | 'arguments'>, abortSignal: AbortSignal, isStrangers = false): Promise<string> {
    let said: string | undefined;
    try {
      // The SDK reads the stream's first event before it resolves.
      const { stream } = await this.#client.send(new InvokeCodeInterpreterCommand({ ...this.#names(), ...command }), { abortSignal });
      for await (const { result } of stream ?? []) {
        if (!result) continue;
        const text = (result.content ?? []).map((block) => block.text ?? '').join('');
        // An error of the code is in what it has printed.
        if (result.isError && command.name !== 'executeCode') throw new SandboxFileError(`the session has not taken it: ${text.slice(0, 200)}`);
        said = `${said ?? ''}${result.structuredContent?.stdout ?? text}`;
      }
    } catch (error) {
      if (!isStrangers || isRefusal(error) || (said === undefined && nameOf(error) === 'ThrottlingException')) throw error;
      throw new BrokenOffError(`${nameOf(error)}: ${error instanceof Error ? error.message : ''}`, { cause: error });
    }
    // A request that is given up can look like a stream that has ended well.
    abortSignal.throwIfAborted();
    if (said === undefined) throw new Error('The answer has ended before its result.');
    return said;
  }

  async #ask<T>(call: Call, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = call;
    const late = () => new Error(`There was no answer within ${USUAL_MS / 1000} seconds.`);
    for (const pauseMs of [...PAUSES_MS, undefined]) {
      try {
        return await (signal ? send(signal) : within(this.#clock, { ms: USUAL_MS, late }, send));
      } catch (error) {
        signal?.throwIfAborted();
        const isWorthIt = REFUSED_FOR_NOW.has(nameOf(error)) || (!signal && !isSettled(error));
        if (pauseMs === undefined || !isWorthIt) throw await this.#told(call, error);
        // Jitter: rivals that were turned away together should not come back together.
        await sleep(this.#clock, pauseMs * (0.5 + Math.random()), signal);
      }
    }
    throw new Error('the last try has returned or thrown');
  }

  /** The service's errors in the port's words. */
  async #told({ sessionId, signal }: Call, cause: unknown): Promise<unknown> {
    if (cause instanceof SandboxUnavailableError || cause instanceof SandboxFileError) return cause;
    const name = nameOf(cause);
    const message = `${name}: ${cause instanceof Error ? cause.message : ''}`;
    if (signal && !isSettled(cause)) return new AnswerLostError(`AgentCore has not answered: ${message}`, { cause });
    if (sessionId !== undefined && MAY_MEAN_GONE.has(name) && (await this.#hasEnded(sessionId))) return new SessionGoneError('The session of the code interpreter has ended.', { cause });
    const mayPass = !isSettled(cause) || REFUSED_FOR_NOW.has(name) || name === AT_LIMIT;
    const Kind = name === BUSY && sessionId !== undefined ? BusyError : SandboxUnavailableError;
    return new Kind(`AgentCore's code interpreter ${this.#codeInterpreterIdentifier} cannot be used: ${message}`, { mayPass, cause });
  }

  async #hasEnded(sessionId: string): Promise<boolean> {
    try {
      const command = new GetCodeInterpreterSessionCommand({ ...this.#names(), sessionId });
      const { status } = await this.#ask({}, (abortSignal) => this.#client.send(command, { abortSignal }));
      return status === 'TERMINATED';
    } catch (error) {
      return error instanceof SandboxUnavailableError && error.cause instanceof ResourceNotFoundException;
    }
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');
/** In the place of an answer, not within one. */
const isRefusal = (error: unknown): boolean => error instanceof BedrockAgentCoreServiceException && (error.$metadata.httpStatusCode ?? 200) >= 400;
/** It is said and will not be said otherwise: the service has refused, and has begun nothing. */
const isSettled = (error: unknown): boolean =>
  error instanceof SandboxUnavailableError || error instanceof SandboxFileError || (error instanceof BedrockAgentCoreServiceException && error.$fault === 'client');
