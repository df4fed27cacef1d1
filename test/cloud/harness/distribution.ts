/** CloudFront: passes each request on to the origin of the first behaviour whose path fits, body and answer as they come. Nothing is cached. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, type Server, type ServerResponse, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Origin {
  /** Where it is here, without a slash at the end. */
  url(): Promise<string>;
  /** Added to each request. */
  headers: Record<string, string>;
}

export interface Behavior {
  /** `*` is any run of characters. */
  pattern: string;
  origin: Origin;
}

/** Of one connection. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade']);

export class DistributionFront {
  readonly #behaviors: Behavior[];
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(behaviors: Behavior[], server: Server) {
    this.#behaviors = behaviors;
    this.#server = server;
    server.on('request', (request, response) => {
      this.#pass(request, response).catch(() => void response.destroy());
    });
  }

  /** The last behaviour is for all that fits no other. */
  static async start(behaviors: Behavior[]): Promise<DistributionFront> {
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new DistributionFront(behaviors, server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    this.#agent.destroy();
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const { origin } = this.#behaviors.find(({ pattern }) => fits(pattern, path)) ?? { origin: undefined };
    if (!origin) return void response.destroy();
    const base = new URL(await origin.url());
    const headers = Object.entries({ ...request.headers, ...origin.headers }).filter(([name]) => !HOP_BY_HOP.has(name) && name !== 'host');
    const passed = httpRequest({ host: base.hostname, port: base.port, method: request.method, path: `${base.pathname === '/' ? '' : base.pathname}${request.url ?? '/'}`, headers: { ...Object.fromEntries(headers), host: base.host }, agent: this.#agent });
    response.on('close', () => void passed.destroy());
    request.on('error', () => void passed.destroy());
    passed.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    passed.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name))));
      response.flushHeaders();
      answer.on('error', () => void response.destroy());
      answer.on('close', () => void (answer.complete || response.destroy()));
      answer.pipe(response);
    });
    request.pipe(passed);
  }
}

const fits = (pattern: string, path: string): boolean => new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(path);
