/**
 * Bedrock AgentCore's Code Interpreter on loopback, as its SDK's model has it: sessions, each with a Python of its own, and tools that answer in an
 * event stream. It makes trouble as planned. What it was asked that the service would not know, or that came unsigned, it keeps for the test to fail on.
 */
import type { CodeInterpreterResult } from '@aws-sdk/client-bedrock-agentcore';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../../../shared/domain/clock.ts';
import { Kernel, type Machine } from './agentcore-kernel.ts';
import { type Asked, eventFrame, exceptionFrame, readRequest, statusOf } from './agentcore-wire.ts';

/**
 * - `refuse`: answered with this exception, nothing is done;
 * - `raise`: this exception comes in the stream, nothing is done;
 * - `lose`: it is done, but the answer never arrives;
 * - `cut`: it is done, and the connection ends in the middle of the answer;
 * - `garble`: it is done, and one byte of the answer is another;
 * - `keepQuiet`: the stream ends without a result;
 * - `say`: this result comes, nothing is done;
 * - `hang`: there is no answer, ever;
 * - `before`: something else happens first.
 */
export type AgentCoreTrouble = { refuse: string } | { raise: string } | { say: CodeInterpreterResult } | { before: () => unknown } | 'lose' | 'cut' | 'garble' | 'keepQuiet' | 'hang';

export interface AgentCoreOptions extends Machine {
  clock: Clock;
}

interface Session {
  kernel: Kernel;
  untilMs: number;
  status: 'READY' | 'TERMINATED';
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

const EVENT_STREAM = 'application/vnd.amazon.eventstream';
const SESSION_HEADER = 'x-amzn-code-interpreter-session-id';
const SIGNED = /^AWS4-HMAC-SHA256 Credential=\S+\/us-east-1\/bedrock-agentcore\/aws4_request/;

export class AgentCore implements AsyncDisposable {
  /** By `StartCodeInterpreterSession` and the like; a tool's by its own name. */
  readonly passed: Asked[] = [];
  /** What should never have come. */
  readonly unexpected: string[] = [];
  /** Code that is being executed at this moment. */
  readonly executing = new Set<string>();
  /** The service's documents do not tell which exception it is. */
  saysOfEnded: 'ResourceNotFoundException' | 'ValidationException' | 'ConflictException' = 'ResourceNotFoundException';
  readonly #server: Server = createServer();
  readonly #sessions = new Map<string, Session>();
  readonly #started = new Map<unknown, string>();
  readonly #clock: Clock;
  readonly #machine: Machine;
  #planned: { operation: string; trouble: AgentCoreTrouble }[] = [];

  private constructor({ clock, ...machine }: AgentCoreOptions) {
    this.#clock = clock;
    this.#machine = machine;
    this.#server.on('request', (request, response) => void this.#handle(request, response).catch((error: unknown) => this.#complain(response, error)));
  }

  static async start(options: AgentCoreOptions): Promise<AgentCore> {
    const started = new AgentCore(options);
    started.#server.listen(0, '127.0.0.1');
    await once(started.#server, 'listening');
    return started;
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the stand-in is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Sessions that nobody has stopped and whose time is not up. */
  get running(): number {
    return [...this.#sessions.values()].filter(({ status, untilMs }) => status === 'READY' && untilMs > this.#clock.nowMs()).length;
  }

  /** Trouble that was planned and has not come about: a test that ends with some has not tested it. */
  get pending(): string[] {
    return this.#planned.map(({ operation }) => operation);
  }

  /** The next so many requests for this get into trouble. */
  plan(operation: string, trouble: AgentCoreTrouble, times = 1): void {
    for (let n = 0; n < times; n++) this.#planned.push({ operation, trouble });
  }

  /** What has been planned for this and may come about or not. */
  forget(operation: string): void {
    this.#planned = this.#planned.filter((planned) => planned.operation !== operation);
  }

  count(operation: string): number {
    return this.passed.filter((asked) => asked.operation === operation).length;
  }

  /** Ends every session, of its own accord. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(end));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endAll();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #complain(response: ServerResponse, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.unexpected.push(message);
    if (response.headersSent) response.destroy();
    else response.writeHead(400, { 'x-amzn-errortype': 'ValidationException' }).end(JSON.stringify({ message, reason: 'CannotParse' }));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    if (!SIGNED.test(String(request.headers.authorization))) throw new Error('a request was not signed');
    const asked = readRequest(String(request.method), new URL(String(request.url), this.endpoint), request.headers, body);
    const operation = asked.operation === 'InvokeCodeInterpreter' ? String(asked.input['name']) : asked.operation;
    this.passed.push({ ...asked, operation });
    const at = this.#planned.findIndex((planned) => planned.operation === operation);
    const trouble = at < 0 ? undefined : this.#planned.splice(at, 1)[0]?.trouble;
    if (trouble === 'hang') return;
    if (typeof trouble === 'object' && 'before' in trouble) await trouble.before();
    send(response, await this.#answer(asked, trouble), trouble);
  }

  async #answer({ operation, input }: Asked, trouble: AgentCoreTrouble | undefined): Promise<Answer> {
    if (typeof trouble === 'object' && 'refuse' in trouble) return refusal(trouble.refuse);
    await this.#endThoseWhoseTimeIsUp();
    if (operation === 'StartCodeInterpreterSession') return this.#startSession(input);
    const id = String(input['sessionId']);
    const session = this.#sessions.get(id);
    if (!session) return refusal('ResourceNotFoundException');
    const names = { codeInterpreterIdentifier: input['codeInterpreterIdentifier'], sessionId: id };
    if (operation === 'GetCodeInterpreterSession') return plain({ ...names, createdAt: this.#now(), status: session.status });
    if (session.status === 'TERMINATED') return refusal(this.saysOfEnded);
    if (operation === 'StopCodeInterpreterSession') {
      await end(session);
      return plain({ ...names, lastUpdatedAt: this.#now() });
    }
    const stream = (body: Buffer): Answer => ({ status: 200, headers: { 'content-type': EVENT_STREAM, [SESSION_HEADER]: id }, body });
    if (trouble === 'keepQuiet') return stream(Buffer.alloc(0));
    if (typeof trouble === 'object' && 'raise' in trouble) return stream(exceptionFrame(trouble.raise, `planned ${trouble.raise}`));
    if (typeof trouble === 'object' && 'say' in trouble) return stream(eventFrame('result', trouble.say));
    const args = input['arguments'] as Record<string, unknown>;
    const code = String(args['code']);
    this.executing.add(code);
    try {
      return stream(eventFrame('result', await useTool(session.kernel, String(input['name']), args)));
    } finally {
      this.executing.delete(code);
    }
  }

  #startSession({ codeInterpreterIdentifier, clientToken, sessionTimeoutSeconds }: Asked['input']): Answer {
    const known = this.#started.get(clientToken);
    const sessionId = known ?? `01${randomUUID().replaceAll('-', '').slice(0, 24).toUpperCase()}`;
    if (known === undefined) {
      this.#started.set(clientToken, sessionId);
      this.#sessions.set(sessionId, { kernel: new Kernel(this.#machine), untilMs: this.#clock.nowMs() + Number(sessionTimeoutSeconds ?? 900) * 1000, status: 'READY' });
    }
    return plain({ codeInterpreterIdentifier, sessionId, createdAt: this.#now() });
  }

  async #endThoseWhoseTimeIsUp(): Promise<void> {
    for (const session of this.#sessions.values()) if (session.untilMs <= this.#clock.nowMs()) await end(session);
  }

  readonly #now = (): string => new Date(this.#clock.nowMs()).toISOString();
}

async function end(session: Session): Promise<void> {
  session.status = 'TERMINATED';
  await session.kernel.stop();
}

const plain = (value: object): Answer => ({ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) });
const refusal = (exception: string): Answer => ({ ...plain({ message: `planned ${exception}` }), status: statusOf(exception), headers: { 'content-type': 'application/json', 'x-amzn-errortype': exception } });

async function useTool(kernel: Kernel, name: string, args: Record<string, unknown>): Promise<CodeInterpreterResult> {
  const failure = (text: string): CodeInterpreterResult => ({ content: [{ type: 'text', text }], isError: true });
  switch (name) {
    case 'executeCode': {
      if (args['language'] !== 'python') throw new Error('only Python is asked for');
      const ran = await kernel.run(String(args['code']));
      if ('died' in ran) return failure('The interpreter has ended.');
      const { stdout, stderr, failed } = ran;
      return { content: [{ type: 'text', text: `${stdout}${stderr}` }], structuredContent: { stdout, stderr, exitCode: failed ? 1 : 0, executionTime: 1 }, isError: failed };
    }
    case 'writeFiles': {
      const files = args['content'] as { path: string; text?: string; blob?: string }[];
      try {
        for (const { path, text, blob } of files) kernel.write(path, blob === undefined ? Buffer.from(String(text)) : Buffer.from(blob, 'base64'));
      } catch (error) {
        return failure(String(error));
      }
      return { content: [{ type: 'text', text: `Wrote ${files.length} files` }], isError: false };
    }
    default:
      throw new Error(`the tool ${name} is not used`);
  }
}

function send(response: ServerResponse, { status, headers, body }: Answer, trouble: AgentCoreTrouble | undefined): void {
  if (trouble === 'lose') return void response.destroy();
  response.writeHead(status, headers);
  if (trouble === 'cut') return void response.write(body.subarray(0, body.length / 2), () => response.destroy());
  if (trouble === 'garble') body[body.length - 20] = (body[body.length - 20] ?? 0) ^ 1;
  response.end(body);
}
