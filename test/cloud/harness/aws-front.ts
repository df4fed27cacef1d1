/**
 * AWS, for Lambdas that run here: one endpoint for all services, which lets through what the caller's role allows and passes
 * it on to the engines. It keeps a ledger of what passed, and makes trouble where a test asks for it.
 *
 * Limits: signatures are not checked, only whose they are; key policies are not read; of DeleteObjects all or nothing is allowed.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { asking, type Known } from './aws-asking.ts';
import { EngineLines, forEngine } from './aws-engine.ts';
import { entryOf, found, isExecution, isPoll, type LedgerEntry } from './aws-ledger.ts';
import { type AwsRequest, type RawRequest, readRequest, type Service, serviceOf } from './aws-request.ts';
import { type Answer, denied, json, type Refusal, refusal } from './aws-words.ts';
import { invokeFunction } from './aws-lambda.ts';
import { allows, type Asked, isDenied, type PolicyDocument } from './iam.ts';

/** `principal` is one execution environment, or the event source mapping, of a function. */
export interface Call extends AwsRequest {
  id: number;
  principal: string;
  functionId: string;
  /** What the service says to it, once it has. */
  answer?: Answer;
}

/** What becomes of a call that has been done: the caller gets its answer, or its connection ends. */
export type Outcome = 'pass' | 'lose-answer';

/**
 * - `lose-request`: the connection ends and the service is never asked;
 * - `lose-answer`: the service does it, then the connection ends;
 * - `afterwards`: the service does it, then this says whether the caller learns of it;
 * - `refuse`: answered without asking the service.
 */
export type Verdict = Outcome | 'lose-request' | { afterwards: (call: Call) => Promise<Outcome> | Outcome } | { refuse: Refusal };

/** Looked at anew for each call, so it may be filled in after the front has started: names may have the front's address in them. */
export interface FrontOptions extends Known {
  /** The engines' endpoints. */
  engines: { db: string; sqs: string; s3: string; sfn: string; agentcore: string };
  /** By the function's logical id; undefined if there is none. */
  policiesOf(functionId: string): PolicyDocument[] | undefined;
  /** By ARN of queue or bucket. */
  resourcePolicies(arn: string): PolicyDocument[];
}

type Hook = (call: Call) => Promise<Verdict> | Verdict;

export class AwsFront {
  /** Calls that no policy allows, and requests that were not understood: a test looks here, whatever the caller made of the answer. */
  readonly violations: string[] = [];
  readonly #server: Server;
  readonly #options: FrontOptions;
  readonly #engines = new EngineLines();
  #hook: Hook | undefined;
  #ledger: LedgerEntry[] = [];
  #calls = 0;
  #underWay = 0;
  #total = 0;
  #closed = false;

  private constructor(server: Server, options: FrontOptions) {
    this.#server = server;
    this.#options = options;
    server.on('request', (request, response) => {
      this.#handle(request, response).catch(() => void response.destroy());
    });
  }

  static async start(options: FrontOptions): Promise<AwsFront> {
    // A frozen environment holds its connections, and sends the rest of a request when it wakes.
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new AwsFront(server, options);
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the front is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Calls begun and not yet answered. What a mapping asks in vain is counted neither here nor in `total`, and code only once it has been executed. */
  get underWay(): number {
    return this.#underWay;
  }

  get total(): number {
    return this.#total;
  }

  /** Called before each call that is allowed. The last one set is the one that counts; undefined removes it. */
  intercept(hook: Hook | undefined): void {
    this.#hook = hook;
  }

  /** What the services did since the last call of this, but for what a mapping asked in vain. */
  takeLedger(): LedgerEntry[] {
    return this.#ledger.splice(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    this.#engines.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw: RawRequest = { method: request.method ?? '', url: request.url ?? '/', headers: request.headers, body: await buffer(request) };
    const service = serviceOf(raw.headers) ?? 'dynamodb';
    const caller = callerOf(raw);
    try {
      const call: Call = { ...readRequest(raw, this.#options), id: ++this.#calls, ...caller };
      // Until a mapping's poll has found something it is as if it had not asked.
      const end = isPoll(call.principal, call) || isExecution(call) ? undefined : this.#begin();
      try {
        await this.#carryOut(call, raw, response);
      } finally {
        end?.();
      }
    } catch (error) {
      if (this.#closed) return void response.destroy();
      this.violations.push(`${caller.principal} ${raw.method} ${raw.url} ${String(raw.headers['x-amz-target'] ?? '')}: ${String(error)}`);
      await send(response, refusal(service, { status: 500, type: 'NotUnderstoodByTheTest', message: String(error) }));
    }
  }

  #begin(): () => void {
    this.#total++;
    this.#underWay++;
    return () => void this.#underWay--;
  }

  async #carryOut(call: Call, raw: RawRequest, response: ServerResponse): Promise<void> {
    const policies = this.#options.policiesOf(call.functionId);
    const wrong = call.asked.find((asked) => !this.#mayAsk(policies, asked));
    if (wrong) return send(response, this.#deny(call, wrong, policies));
    const verdict = (await this.#hook?.(call)) ?? 'pass';
    if (verdict === 'lose-request') return void response.destroy();
    if (typeof verdict === 'object' && 'refuse' in verdict) return send(response, refusal(call.service, verdict.refuse));
    const answer = await this.#ask(call, raw);
    const end = this.#note(call, raw, answer);
    try {
      call.answer = this.#hides(call, answer, policies) ?? answer;
      const outcome = typeof verdict === 'object' ? await verdict.afterwards(call) : verdict;
      if (outcome === 'lose-answer') return void response.destroy();
      await send(response, call.answer);
    } finally {
      end?.();
    }
  }

  #mayAsk(policies: PolicyDocument[] | undefined, asked: Asked): boolean {
    if (!policies || !allows(policies, asked)) return false;
    const [service = '', owner = ''] = /^(?:s3|sqs):/.test(asked.action) ? [asked.action.split(':')[0], asked.resource.split('/')[0]] : [];
    return service === '' || !isDenied(this.#options.resourcePolicies(owner), asked);
  }

  #deny({ service, principal, functionId }: Call, { action, resource, context }: Asked, policies: PolicyDocument[] | undefined): Answer {
    const why = policies ? 'no policy allows it' : `there is no function ${functionId}`;
    this.violations.push(`${principal} ${action} on ${resource} ${JSON.stringify(context)}: ${why}`);
    return denied(service, `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} because ${why}`);
  }

  async #ask(call: Call, raw: RawRequest): Promise<Answer> {
    if (call.service === 'secretsmanager') {
      const { status, body } = this.#options.secrets.answer(call.input);
      return json(call.service, status, body);
    }
    if (call.service === 'lambda') return invokeFunction(this.#options.functions, call.input);
    return this.#engines.ask(engineOf(call.service, this.#options.engines), forEngine(raw, call, this.#options));
  }

  /** Enters it into the ledger. For a poll that has found something, and for code, returns what ends its being under way. */
  #note(call: Call, raw: RawRequest, answer: Answer): (() => void) | undefined {
    const poll = isPoll(call.principal, call);
    if (poll && !found(answer)) return undefined;
    this.#ledger.push(entryOf(call, call, raw, answer));
    return poll || isExecution(call) ? this.#begin() : undefined;
  }

  /** Who may not list a bucket does not learn that an object is missing. */
  #hides({ service, operation, principal, input }: Call, { status }: Answer, policies: PolicyDocument[] = []): Answer | undefined {
    if (service !== 's3' || status !== 404 || !/^(Get|Head)Object$/.test(operation)) return undefined;
    const bucket = `arn:aws:s3:::${String(input['Bucket'])}`;
    if (this.#mayAsk(policies, asking('s3:ListBucket', bucket, { 's3:TlsVersion': ['1.3'] }))) return undefined;
    this.violations.push(`${principal} ${operation} of ${bucket}/${String(input['Key'])}, which is missing: not told without s3:ListBucket`);
    return denied(service, 'Access Denied');
  }
}

/** The access key names the caller: `<function>.<environment>` or `<function>.mapping`. Whoever follows a link comes in the name of its maker. */
function callerOf({ url, headers }: RawRequest): { principal: string; functionId: string } {
  const [, principal = 'nobody'] = /Credential=([^/,\s]+)\//.exec(headers.authorization ?? decodeURIComponent(url)) ?? [];
  const dot = principal.lastIndexOf('.');
  return { principal, functionId: dot === -1 ? principal : principal.slice(0, dot) };
}

function engineOf(service: Exclude<Service, 'lambda' | 'secretsmanager'>, { db, sqs, s3, sfn, agentcore }: FrontOptions['engines']): string {
  switch (service) {
    case 'dynamodb':
    case 'dynamodbstreams':
      return db;
    case 'sqs':
      return sqs;
    case 's3':
      return s3;
    case 'states':
      return sfn;
    case 'agentcore':
      return agentcore;
  }
}

/** Resolves when it has left, or when nobody is there any more to take it: of a large answer to a frozen caller, when that wakes. */
async function send(response: ServerResponse, { status, headers: { date: _, ...headers }, body }: Answer): Promise<void> {
  // The real time beside a clock that was moved would look like a skew to the SDK, which then retries whatever was refused.
  response.sendDate = false;
  if (response.destroyed) return;
  const done = new Promise<void>((resolve) => void response.once('close', resolve));
  response.writeHead(status, headers).end(body);
  await done;
}
