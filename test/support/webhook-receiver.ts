/** Somebody's webhook endpoint on this machine: keeps what it is sent, and answers as it is told. */
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** How a server under test reaches a port of this machine. */
export interface WayOut {
  /** The receiver speaks TLS with this (PEM). */
  tls?: { key: string; cert: string };
  urlOf: (port: number) => string;
}

/** What the embedded world allows on a laptop. */
export const LOOPBACK: WayOut = { urlOf: (port) => `http://127.0.0.1:${port}/` };

export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
  event: { id: string; object: string; type: string; created_at: number; data: Record<string, string> };
  atMs: number;
}

export class WebhookReceiver implements AsyncDisposable {
  readonly url: string;
  readonly received: Received[] = [];
  /** The status to answer with; undefined for no answer at all. */
  answer: (received: Received) => number | undefined | Promise<number | undefined> = () => 200;
  readonly #server: Server;

  static async start({ tls, urlOf }: WayOut = LOOPBACK): Promise<WebhookReceiver> {
    const server = tls ? createTlsServer(tls) : createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebhookReceiver(server, urlOf((server.address() as AddressInfo).port));
  }

  private constructor(server: Server, base: string) {
    this.#server = server;
    this.url = new URL('/hook', base).href;
    server.on('request', (request, response) => {
      void text(request).then(async (body) => {
        const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
        const received: Received = { path: request.url ?? '', headers, body, event: JSON.parse(body) as Received['event'], atMs: performance.now() };
        this.received.push(received);
        const status = await this.answer(received);
        if (status !== undefined) response.writeHead(status).end();
      });
    });
  }

  get types(): string[] {
    return this.received.map(({ event }) => event.type);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
