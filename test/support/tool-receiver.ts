/** Somebody's tool endpoint on this machine: keeps the calls that come, and answers each as it is told. */
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { LOOPBACK, type WayOut } from './webhook-receiver.ts';

export interface ReceivedCall {
  path: string;
  headers: Record<string, string>;
  body: string;
  call: { id: string; object: string; type: string; function: { name: string; arguments: string }; thread_id: string; run_id: string; assistant_id: string; created_at: number };
  /** Resolves when the caller has hung up before it was answered. */
  hungUp: Promise<void>;
}

/** A text is an answer with status 200; nothing at all is none. */
export type ToolAnswer = string | { status: number; body?: string; headers?: Record<string, string> } | undefined;

export class ToolReceiver implements AsyncDisposable {
  readonly received: ReceivedCall[] = [];
  answer: (received: ReceivedCall) => ToolAnswer | Promise<ToolAnswer> = ({ call }) => `answer of ${call.function.name}`;
  readonly #server: Server;
  readonly #base: string;
  #waiting: { count: number; resolve: () => void }[] = [];

  static async start({ tls, urlOf }: WayOut = LOOPBACK): Promise<ToolReceiver> {
    const server = tls ? createTlsServer(tls) : createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ToolReceiver(server, urlOf((server.address() as AddressInfo).port));
  }

  private constructor(server: Server, base: string) {
    this.#server = server;
    this.#base = base;
    server.on('request', (request, response) => {
      void text(request).then(async (body) => {
        const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
        const hungUp = new Promise<void>((resolve) => response.on('close', () => !response.writableFinished && resolve()));
        const received: ReceivedCall = { path: request.url ?? '', headers, body, call: JSON.parse(body) as ReceivedCall['call'], hungUp };
        this.received.push(received);
        this.#waiting = this.#waiting.filter(({ count, resolve }) => (this.received.length >= count ? void resolve() : true));
        const answer = await this.answer(received);
        if (answer === undefined) return;
        const { status, body: said = '', headers: sent = {} } = typeof answer === 'string' ? { status: 200, body: answer } : answer;
        response.writeHead(status, { 'content-type': 'text/plain', ...sent }).end(said);
      });
    });
  }

  /** Where the endpoint of one function is. */
  urlOf(name: string): string {
    return new URL(`/${name}`, this.#base).href;
  }

  /** Resolves once so many calls have come. */
  async reached(count: number): Promise<ReceivedCall[]> {
    if (this.received.length < count) await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
