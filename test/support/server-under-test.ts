import type { WayOut } from './webhook-receiver.ts';

/** What the e2e scenarios know of what they talk to: a process on this machine, or a deployment of the AWS stacks. */
export interface ServerUnderTest {
  /** What the official clients take as `baseURL`. */
  readonly baseUrl: string;
  /** An API key that works. */
  readonly key: string;
  /** How it reaches receivers on this machine. */
  readonly wayOut: WayOut;

  /** The operator's doing: a key of a project, made beside the running server. */
  createKey(project: string, name?: string): Promise<string>;
  /** False when there is no such key. */
  revokeKey(key: string): Promise<boolean>;

  /** It is `ms` later, but no timer has fired yet. These three resolve to the time that it is then, and need a clock that was asked for. */
  skip(ms: number): Promise<number>;
  /** At once it is `ms` later, and all timers of that time fire. */
  jump(ms: number): Promise<number>;
  /** `ms` go by, one thing after the other. */
  pass(ms: number): Promise<number>;

  /** Lets errors of this code be logged without failing the test. */
  expectError(code: string): void;
  /** Throws with what has gone wrong, and no test has announced, since the last call. */
  expectNoErrors(): void;
  /** Stops it for good; throws when it did not end as it should. */
  end(): Promise<void>;
}
