/** For tests of the sandbox on AWS: the stand-in of AgentCore and an adapter on it. */
import { afterEach, beforeEach, expect } from '@jest/globals';
import { type AgentCoreOptions, AgentCore } from '../support/engines/agentcore.ts';
import { HastyClock } from '../support/engines/hasty-clock.ts';
import { makeAgentCore } from '../../shared/aws/interpreter.ts';
import { makeSandbox } from '../../shared/aws/sandbox.ts';
import type { Execution, Sandbox } from '../../shared/ports/sandbox.ts';

export const IDENTIFIER = 'threadkeep-Ab12Cd34Ef';
/** The longest pause before another try, with its jitter. */
const LONGEST_PAUSE_MS = 4500;

export interface SandboxStage {
  core: AgentCore;
  clock: HastyClock;
  sandbox: Sandbox;
  /** Executes in a session that is made for it when none is named. */
  run(code: string, session?: string): Promise<Execution>;
  put(session: string, path: string, content: string | Uint8Array): Promise<void>;
  /** Undefined when there is no such file. */
  read(session: string, path: string): Promise<Buffer | undefined>;
}

/** A stage for each test, on a clock that stands still unless there is one in `options`. What the stand-in was asked must be what it knows, and all trouble that was planned must have come about. */
export function useSandbox(options: Partial<AgentCoreOptions> = {}): SandboxStage {
  const stage = {} as SandboxStage;
  let client: ReturnType<typeof makeAgentCore>;

  beforeEach(async () => {
    const clock = new HastyClock(LONGEST_PAUSE_MS);
    const core = await AgentCore.start({ clock, ...options });
    client = makeAgentCore({ region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, endpoint: core.endpoint });
    const sandbox = makeSandbox({ client, identifier: IDENTIFIER, clock: options.clock ?? clock });
    Object.assign(stage, {
      core,
      clock,
      sandbox,
      run: async (code: string, session?: string) => sandbox.execute(session ?? (await sandbox.open()), code),
      put: (session: string, path: string, content: string | Uint8Array) => sandbox.put(session, path, streamOf(content)),
      async read(session: string, path: string) {
        const found = await sandbox.read(session, path);
        if (!found) return undefined;
        const content = Buffer.from(await new Response(found.body).arrayBuffer());
        expect(content.length).toBe(found.bytes);
        return content;
      },
    });
  });

  afterEach(async () => {
    client.destroy();
    await stage.core[Symbol.asyncDispose]();
    expect({ unexpected: stage.core.unexpected, pending: stage.core.pending }).toEqual({ unexpected: [], pending: [] });
  });
  return stage;
}

export const streamOf = (content: string | Uint8Array): ReadableStream<Uint8Array> => ReadableStream.from([typeof content === 'string' ? Buffer.from(content) : content]);
