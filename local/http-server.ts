/** Node's HTTP server before the app. What it refuses by itself still gets the contract's envelope. */
import { getRequestListener } from '@hono/node-server';
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES, type Server, type ServerResponse, createServer } from 'node:http';
import type { Duplex } from 'node:stream';

/** Longer than the common proxies and clients keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 75_000;

export function makeHttpServer(fetch: (request: Request) => Response | Promise<Response>): Server {
  // Only malformed requests come to this handler, as one whose Host header makes no URL: the app answers everything else itself.
  const errorHandler = () => new Response(envelope('The request is not valid HTTP.'), { status: 400, headers: headers() });
  const listener = getRequestListener(fetch, { errorHandler });
  // Without a Host header it is for `errorHandler`, not for Node, to answer.
  const server = createServer({ requireHostHeader: false }, (request, response) => void listener(request, response));
  // An expectation nobody knows is no reason to refuse; Node would, without a word.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => void listener(request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('clientError', refuse);
  return server;
}

const STATUS_OF: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Node has read something that is no request; there is only the bare socket to answer on. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  const body = envelope(status === 431 ? 'The request line and headers are too long.' : 'The request is not valid HTTP.');
  const head = Object.entries({ ...headers(), 'content-length': String(Buffer.byteLength(body)), connection: 'close' });
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
}

const headers = (): Record<string, string> => ({
  'content-type': 'application/json',
  'x-request-id': `req_${randomUUID().replaceAll('-', '')}`,
  'openai-version': '2020-10-01',
  'openai-processing-ms': '0',
});

const envelope = (message: string): string =>
  JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } });
