/**
 * Stands between a client and an engine: keeps a journal of what passes, and makes trouble that engines by themselves never
 * make, in the services' own words on the wire, so that the client's own handling of errors is part of what is tested.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** One request: `operation` is the action's name, or for S3 the method. */
export interface Passed {
  operation: string;
  body: string;
}

/**
 * - `refuse`: answered without asking the engine;
 * - `lose`: the engine does it, but the answer never arrives;
 * - `before`: something else happens first, then it passes;
 * - `change`: the engine's answer is replaced by another.
 */
export type Trouble =
  | { refuse: { status: number; type: string; fields?: object } }
  | { lose: true }
  | { before: () => Promise<unknown> }
  | { change: (answer: Record<string, unknown>) => Record<string, unknown> };

interface Planned {
  operation: string;
  trouble: Trouble;
  times: number;
}

export class Relay {
  readonly passed: Passed[] = [];
  readonly #server: Server;
  readonly #engine: URL;
  readonly #journal: Passed[];
  #planned: Planned[] = [];

  private constructor(server: Server, engine: URL, journal: Passed[]) {
    this.#server = server;
    this.#engine = engine;
    this.#journal = journal;
    server.on('request', (request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
  }

  /** Several relays may write one journal, which then tells the order over all services. */
  static async start(engine: string, journal: Passed[] = []): Promise<Relay> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Relay(server, new URL(engine), journal);
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** The next so many requests of this operation get into trouble. */
  plan(operation: string, trouble: Trouble, times = 1): void {
    this.#planned.push({ operation, trouble, times });
  }

  /** Trouble that was planned and has not come about: a test that ends with some has not tested it. */
  get pending(): number {
    return this.#planned.reduce((sum, { times }) => sum + times, 0);
  }

  count(operation: string): number {
    return this.passed.filter((request) => request.operation === operation).length;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const operation = String(request.headers['x-amz-target'] ?? request.method).split('.').at(-1) ?? '';
    const entry = { operation, body: body.toString() };
    this.passed.push(entry);
    this.#journal.push(entry);
    const trouble = this.#take(operation);
    if (trouble && 'refuse' in trouble) {
      const { status, type, fields } = trouble.refuse;
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify({ __type: type, message: 'trouble', ...fields }));
      return;
    }
    if (trouble && 'before' in trouble) await trouble.before();
    const answer = await this.#ask(request, body);
    if (trouble && 'lose' in trouble) return void response.destroy();
    if (trouble && 'change' in trouble) {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(trouble.change(JSON.parse(answer.body.toString()) as Record<string, unknown>)));
      return;
    }
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  #take(operation: string): Trouble | undefined {
    const planned = this.#planned.find((other) => other.operation === operation);
    if (!planned) return undefined;
    planned.times--;
    if (planned.times === 0) this.#planned = this.#planned.filter((other) => other !== planned);
    return planned.trouble;
  }

  async #ask({ method, url, headers }: IncomingMessage, body: Buffer): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }> {
    const asked = httpRequest(new URL(url ?? '/', this.#engine), { method, headers: { ...headers, host: this.#engine.host } });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const { 'transfer-encoding': _, 'content-length': __, ...rest } = answer.headers;
    return { status: answer.statusCode ?? 502, headers: rest, body: await buffer(answer) };
  }
}

/** DynamoDB's own words for what passes by itself. */
export const THROTTLED: Trouble = { refuse: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException' } };
export const BROKEN: Trouble = { refuse: { status: 500, type: 'com.amazonaws.dynamodb.v20120810#InternalServerError' } };
export const IN_CONFLICT: Trouble = { refuse: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#TransactionConflictException' } };
export const IN_PROGRESS: Trouble = { refuse: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#TransactionInProgressException' } };
export const LOST: Trouble = { lose: true };

/** A cancelled transaction with a reason for each of its writes. */
export const cancelled = (...reasons: { Code: string; Item?: object }[]): Trouble => ({
  refuse: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException', fields: { CancellationReasons: reasons, Message: 'Transaction cancelled' } },
});
