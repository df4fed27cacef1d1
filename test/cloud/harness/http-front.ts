/**
 * API Gateway: a REST API whose routes are all proxy integrations in STREAM mode. Requests are taken whole, answers go out as
 * they come. Not here: throttling, authorizers, the gateway's own timeouts (15 minutes, 5 without a byte), its access log.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../../shared/domain/clock.ts';
import { type GatewayResponses, answerTrouble, checkGatewayResponses } from './gateway-response.ts';
import type { StreamInvocable, Streamed } from './lambda-function.ts';
import { InvocationRefused } from './lambda-errors.ts';
import { toRestEvent } from './rest-event.ts';

export interface Route {
  method: string;
  /** `/` or `/{proxy+}`. */
  resource: string;
  target: StreamInvocable;
}

export interface HttpFrontSpec {
  stageName: string;
  binaryMediaTypes: string[];
  routes: Route[];
  gatewayResponses: GatewayResponses;
  clock: Clock;
}

const MOST_BYTES = 10 * 1024 * 1024;
const RESOURCES = ['/', '/{proxy+}'];

/** What a function cannot set: the gateway renames these, but for the last, which it drops. */
const REMAPPED = new Set(['connection', 'content-length', 'date', 'server', 'www-authenticate']);
const DROPPED = 'transfer-encoding';

export class HttpFront {
  /** Requests whose invocations have not ended. */
  underWay = 0;
  readonly #spec: HttpFrontSpec;
  readonly #server: Server;

  private constructor(spec: HttpFrontSpec, server: Server) {
    this.#spec = spec;
    this.#server = server;
    server.on('request', (request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
  }

  static async start(spec: HttpFrontSpec): Promise<HttpFront> {
    checkGatewayResponses(spec.gatewayResponses);
    for (const { method, resource } of spec.routes) if (method !== 'ANY' || !RESOURCES.includes(resource)) throw new Error(`a route is not understood: ${method} ${resource}`);
    // A stream may be silent for as long as the function likes.
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HttpFront(spec, server);
  }

  /** With the stage, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${this.#spec.stageName}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { stageName, binaryMediaTypes, routes, gatewayResponses, clock } = this.#spec;
    const requestId = randomUUID();
    const [, stage, path, query] = /^\/([^/?]*)([^?]*)\??(.*)$/s.exec(request.url ?? '/') ?? [];
    // There is no such stage, so there is nobody whose words could be used.
    if (stage !== stageName) return void response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"Forbidden"}');
    const body = await bodyOf(request);
    if (request.destroyed && !request.complete) return;
    const trouble = (kind: Parameters<typeof answerTrouble>[2]) => answerTrouble(response, gatewayResponses, kind, requestId);
    if (!body) return trouble('REQUEST_TOO_LARGE');
    const resource = path === '' || path === '/' ? '/' : '/{proxy+}';
    const route = routes.find((other) => other.resource === resource);
    if (!route) return trouble('MISSING_AUTHENTICATION_TOKEN');
    const event = toRestEvent(request, { resource, stage, path: path || '/', query: query ?? '', body, binaryMediaTypes, requestId, nowMs: clock.nowMs() });
    this.underWay++;
    try {
      const streamed = await route.target.invokeStreaming(event);
      pass(streamed, response, requestId);
      await streamed.ended.catch(() => undefined);
    } catch (error) {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      trouble(error instanceof InvocationRefused ? 'INVOCATION_REFUSED' : 'BAD_GATEWAY');
    } finally {
      this.underWay--;
    }
  }
}

/** Undefined when it is too large: what is left of it is read and thrown away, so that the client can hear the answer. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += piece.byteLength;
      if (size > MOST_BYTES) {
        request.resume();
        return undefined;
      }
      pieces.push(piece);
    }
  } catch {
    // The client has gone, and nobody was asked yet.
  }
  return Buffer.concat(pieces);
}

/** The client may leave at any moment: the function is not told. */
function pass({ statusCode, headers, multiValueHeaders = {}, cookies = [], body }: Streamed, response: ServerResponse, requestId: string): void {
  response.on('error', () => undefined);
  response.statusCode = statusCode;
  for (const [name, value] of Object.entries(headers)) setHeader(response, name, value);
  for (const [name, values] of Object.entries(multiValueHeaders)) setHeader(response, name, values);
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.setHeader('x-amzn-requestid', requestId);
  response.flushHeaders();
  body.on('data', (chunk: Buffer) => void (response.destroyed || response.write(chunk)));
  body.on('end', () => void response.end());
  body.on('error', () => void response.destroy());
  body.on('close', () => void (body.readableEnded || response.destroy()));
}

function setHeader(response: ServerResponse, name: string, value: string | string[]): void {
  const lower = name.toLowerCase();
  if (lower === DROPPED) return;
  response.setHeader(REMAPPED.has(lower) ? `x-amzn-remapped-${lower}` : name, value);
}
