/** A Lambda function: invocations, each in an execution environment of its own for as long as it runs. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { CloudClock } from './cloud-clock.ts';
import type { Environment } from './environment.ts';
import { EnvironmentPool } from './environment-pool.ts';
import type { Piece } from './environment-messages.ts';
import { InvocationFailed, InvocationRefused } from './lambda-errors.ts';
import type { LogLine } from './log-lines.ts';
import { type ResponseHead, StreamedResponse } from './streamed-response.ts';

export interface FunctionSpec {
  /** Logical id in the template. */
  id: string;
  name: string;
  arn: string;
  codeDir: string;
  /** `index.handler`. */
  handler: string;
  environment: Record<string, string>;
  timeoutS: number;
  memoryMb: number;
}

export interface LambdaOptions {
  /** Where the functions find AWS. */
  endpoint: string;
  clock: CloudClock;
  mostEnvironments?: number;
}

export interface Streamed extends ResponseHead {
  /** Ends when the response stream does; is destroyed with an error when that never will. */
  body: Readable;
  /** The invocation, which may go on after the body. */
  ended: Promise<void>;
}

/** What event sources and other services see of a function. */
export type Invocable = Pick<LambdaFunction, 'invoke'>;
export type StreamInvocable = Pick<LambdaFunction, 'invokeStreaming'>;

/** Of the event as JSON, for a synchronous invocation. */
const MOST_BYTES = 6 * 1024 * 1024;

export class LambdaFunction {
  readonly spec: FunctionSpec;
  readonly logs: LogLine[] = [];
  invocations = 0;
  underWay = 0;
  /** Real time of invocations, each rounded up to a millisecond. */
  billedMs = 0;
  readonly #clock: CloudClock;
  readonly #pool: EnvironmentPool;

  constructor(spec: FunctionSpec, { endpoint, clock, mostEnvironments = 60 }: LambdaOptions) {
    this.spec = spec;
    this.#clock = clock;
    this.#pool = new EnvironmentPool(spec, { endpoint, clock, most: mostEnvironments, onLog: (line) => this.logs.push(line) });
  }

  /** Those that are alive, starting ones included. */
  get environments(): Environment[] {
    return this.#pool.environments;
  }

  /** Real time that environments took to start. */
  get initMs(): number {
    return this.#pool.initMs;
  }

  environmentOf(principal: string): Environment | undefined {
    return this.environments.find(({ name }) => name === principal);
  }

  /** Rejects with InvocationFailed when the handler threw, died or took too long, and with InvocationRefused when it was not even asked. */
  async invoke(event: unknown): Promise<unknown> {
    return JSON.parse(await this.#run(event)) as unknown;
  }

  /** Resolves when the answer begins. Rejects as `invoke` does when the invocation ends before that. */
  async invokeStreaming(event: unknown): Promise<Streamed> {
    const response = new StreamedResponse();
    const ended = this.#run(event, (piece) => response.add(piece)).then(
      () => response.fail(new InvocationFailed({ errorType: 'MalformedResponse', errorMessage: 'the invocation ended without a whole response stream' })),
      (error: Error) => {
        response.fail(error);
        throw error;
      },
    );
    ended.catch(() => undefined);
    const head = await response.head;
    return { ...head, body: response.body, ended };
  }

  /** SIGKILL to all of them; what they were doing fails. New ones are started when they are needed. */
  killAll(): Promise<void> {
    return this.#pool.killAll();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #run(event: unknown, onPiece?: (piece: Piece) => void): Promise<string> {
    const payload = JSON.stringify(event);
    if (Buffer.byteLength(payload) > MOST_BYTES) throw new InvocationRefused(`Request must be smaller than ${MOST_BYTES} bytes for the InvokeFunction operation`);
    this.underWay++;
    try {
      const environment = await this.#pool.acquire();
      try {
        return await this.#runIn(environment, payload, onPiece);
      } finally {
        this.#pool.release(environment);
      }
    } finally {
      this.underWay--;
    }
  }

  async #runIn(environment: Environment, payload: string, onPiece?: (piece: Piece) => void): Promise<string> {
    const { timeoutS, arn } = this.spec;
    const id = randomUUID();
    const beganMs = performance.now();
    let timedOut = false;
    const cancel = this.#clock.after(timeoutS * 1000, () => {
      timedOut = true;
      void environment.kill();
    });
    this.invocations++;
    try {
      return await environment.invoke({ invoke: id, payload, deadlineMs: this.#clock.nowMs() + timeoutS * 1000, traceId: makeTraceId(this.#clock.nowMs()), functionArn: arn }, onPiece);
    } catch (error) {
      if (!timedOut) throw error;
      throw new InvocationFailed({ errorType: 'Sandbox.Timedout', errorMessage: `RequestId: ${id} Error: Task timed out after ${timeoutS.toFixed(2)} seconds` });
    } finally {
      cancel();
      this.billedMs += Math.ceil(performance.now() - beganMs);
    }
  }
}

const makeTraceId = (nowMs: number): string =>
  `Root=1-${Math.floor(nowMs / 1000).toString(16)}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=1`;
