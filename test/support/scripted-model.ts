/** A model's provider over real HTTP that says exactly what a test has scripted, and tells what was not as scripted. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ScriptedEmbeddings } from './scripted-embeddings.ts';
import { Exchange, sendError, sendJson } from './scripted-model-exchange.ts';
import { refusalOf } from './scripted-model-rules.ts';
import type { ChatRequest, RecordedRequest, Step } from './scripted-model-steps.ts';
import type { EmbedBody } from './scripted-vectors.ts';

export * from './scripted-model-steps.ts';

export interface ScriptedModelOptions {
  /** Ids that GET /models lists. */
  models?: readonly string[];
  /** Runs on every request; what it throws comes out of `verify()`. */
  checkRequest?: (body: ChatRequest) => void;
  /** False accepts what the real API refuses. */
  strict?: boolean;
  /** False keeps no requests: for load. */
  record?: boolean;
}

interface KeyedScript {
  predicate: (body: ChatRequest) => boolean;
  steps: Step[];
}

const DEFAULT_MODELS = ['gpt-4o', 'gpt-4o-mini', 'gpt-4-turbo'];

export class ScriptedModel implements AsyncDisposable {
  /** What the official client takes as `baseURL`. */
  readonly baseUrl: string;
  /** Embeddings are answered without a script: see there. */
  readonly embeddings: ScriptedEmbeddings;
  readonly #server: Server;
  readonly #options: ScriptedModelOptions;
  readonly #arriving = new Set<Promise<void>>();
  readonly #answering = new Set<ServerResponse>();
  #requests: RecordedRequest[] = [];
  #queue: Step[] = [];
  #keyed: KeyedScript[] = [];
  #always: Step | undefined;
  #problems: string[] = [];
  #count = 0;

  static async start(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedModel(server, options);
  }

  private constructor(server: Server, options: ScriptedModelOptions) {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the scripted model has no port');
    this.baseUrl = `http://127.0.0.1:${address.port}/v1`;
    this.#server = server;
    this.#options = options;
    this.embeddings = new ScriptedEmbeddings((problem) => void this.#problems.push(problem), options);
    server.on('request', (request, response) => {
      this.#answering.add(response);
      response.once('close', () => this.#answering.delete(response));
      const handled = this.#handle(request, response).finally(() => this.#arriving.delete(handled));
      this.#arriving.add(handled);
    });
  }

  /** Every chat request so far, in order of arrival, with those that were refused. */
  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  /** Appends steps that answer the next calls, one each. */
  script(...steps: Step[]): void {
    this.#queue.push(...steps);
  }

  /** Steps for the calls that `predicate` picks, whatever comes in between: the plain script no longer answers those. */
  scriptFor(predicate: (body: ChatRequest) => boolean, ...steps: Step[]): void {
    this.#keyed.push({ predicate, steps: [...steps] });
  }

  /** Answers every call that nothing else was scripted for. */
  always(step: Step): void {
    this.#always = step;
  }

  /** Throws with everything that went otherwise than scripted: calls, requests, steps left over. */
  async verify(): Promise<void> {
    await Promise.all(this.#arriving);
    const unused = [...this.#queue, ...this.#keyed.flatMap(({ steps }) => steps), ...this.embeddings.unused].map(({ label }) => `step never used: ${label}`);
    const problems = [...this.#problems, ...unused];
    if (problems.length > 0) throw new Error(`the scripted model saw ${problems.length} problem(s):\n- ${problems.join('\n- ')}`);
  }

  /** Forgets script, requests and problems, and hangs up on whoever still waits for the rest of an answer. */
  reset(): void {
    this.#requests = [];
    this.#queue = [];
    this.#keyed = [];
    this.#always = undefined;
    this.#problems = [];
    this.embeddings.reset();
    // Only those: an idle connection may be taken up by its client at this very moment.
    for (const response of this.#answering) response.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Ends when the request has found its answer, not when the answer has been given. */
  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readAll(request);
    if (raw === undefined) return;
    if (request.method === 'GET' && request.url === '/v1/models') {
      sendJson(response, { object: 'list', data: (this.#options.models ?? DEFAULT_MODELS).map((id) => ({ id, object: 'model', created: 0, owned_by: 'scripted' })) });
    } else if (request.method === 'POST' && request.url === '/v1/chat/completions') {
      this.#chat(request, response, raw);
    } else if (request.method === 'POST' && request.url === '/v1/embeddings') {
      const body = parse<EmbedBody>(raw);
      if (body) this.embeddings.answer(request.headers, body, response);
      else this.#refuse(response, `a body that is no JSON object: ${raw.slice(0, 200)}`);
    } else {
      this.#refuse(response, `unexpected call: ${request.method ?? ''} ${request.url ?? ''}`);
    }
  }

  #chat(request: IncomingMessage, response: ServerResponse, raw: string): void {
    const body = parse<ChatRequest>(raw);
    if (!body) return this.#refuse(response, `a body that is no JSON object: ${raw.slice(0, 200)}`);
    const recorded = { headers: request.headers, body };
    if (this.#options.record !== false) this.#requests.push(recorded);
    this.#attempt('checkRequest', () => this.#options.checkRequest?.(body));
    const refused = this.#options.strict === false ? undefined : refusalOf(body);
    if (refused !== undefined) return this.#refuse(response, `a request that the real API refuses: ${refused}`, 'refused_request');
    const step = this.#take(body);
    if (!step) return this.#refuse(response, `unexpected call: ${describe(body)}`);
    for (const check of step.checks) this.#attempt(`the request for ${step.label}`, () => check(body));
    step.markReached(recorded);
    void new Exchange(response, body, ++this.#count).play(step).catch((error: unknown) => this.#problems.push(`${step.label} failed: ${String(error)}`));
  }

  #take(body: ChatRequest): Step | undefined {
    const matching = this.#keyed.filter(({ predicate }) => this.#attempt('the predicate of scriptFor', () => predicate(body)));
    const keyed = matching.find(({ steps }) => steps.length > 0);
    if (keyed) return keyed.steps.shift();
    return (matching.length === 0 ? this.#queue.shift() : undefined) ?? this.#always;
  }

  #attempt<T>(what: string, act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.#problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** With a status that no client retries, so that one mistake is told once. */
  #refuse(response: ServerResponse, problem: string, code = 'unexpected_call'): void {
    this.#problems.push(problem);
    sendError(response, 400, { code, message: `ScriptedModel: ${problem}` });
  }
}

/** The whole body, or undefined if the client left before it was there. */
async function readAll(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse<T extends object>(raw: string): T | undefined {
  try {
    const body: unknown = JSON.parse(raw);
    return typeof body === 'object' && body !== null ? (body as T) : undefined;
  } catch {
    return undefined;
  }
}

const describe = ({ model, messages }: ChatRequest): string => `model ${model}, last message ${(JSON.stringify(messages.at(-1)) ?? 'none').slice(0, 300)}`;
