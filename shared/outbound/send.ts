import { type IncomingMessage, type RequestOptions, Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type OutboundRequest, type OutboundResponse, UnreachableError, UnsafeUrlError } from '../ports/outbound.ts';
import type { Target } from './target.ts';

export interface Address {
  address: string;
  family: number;
}

const MOST_HEADER_BYTES = 16 * 1024;

/** Connects to one of the addresses and to no other, whatever the URL's name says by now. */
export function send({ url, mayBe }: Target, addresses: readonly Address[], request: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse> {
  const body = Buffer.from(request.body);
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...request.headers, 'content-length': body.length, connection: 'close' },
    lookup: pinned(addresses),
    signal,
    maxHeaderSize: MOST_HEADER_BYTES,
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(signal.aborted ? (signal.reason as Error) : reasonOf(error));
    const answered = (response: IncomingMessage) => {
      // The pin holds already; this is what would tell if ever it did not.
      if (!mayBe(response.socket.remoteAddress ?? '')) {
        response.destroy();
        return reject(new UnsafeUrlError('The connection has led to an address that is not of the public internet.'));
      }
      readBody(response, request.mostBytes).then(resolve, fail);
    };
    // Agents of their own: the global one may have a proxy of the environment, and connections of others.
    const isTls = url.protocol === 'https:';
    const sending = isTls ? requestHttps(url, { ...options, agent: new HttpsAgent({ keepAlive: false }) }, answered) : requestHttp(url, { ...options, agent: new HttpAgent({ keepAlive: false }) }, answered);
    sending.on('error', fail);
    sending.on('upgrade', (_response, socket) => {
      socket.destroy();
      fail(new UnreachableError('The endpoint asked for another protocol.'));
    });
    sending.end(body);
  });
}

const pinned =
  (addresses: readonly Address[]): LookupFunction =>
  (_host, { all }, tell) =>
    // Never at once: net takes the answer for one that came later.
    setImmediate(() => (all ? tell(null, [...addresses]) : tell(null, addresses[0]?.address ?? '', addresses[0]?.family)));

async function readBody(response: IncomingMessage, mostBytes: number): Promise<OutboundResponse> {
  const chunks: Buffer[] = [];
  let left = mostBytes;
  let isCut = false;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, left));
    left -= chunk.length;
    isCut = left < 0;
    // Leaving the loop destroys the connection.
    if (isCut) break;
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks), isCut };
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'The endpoint refused the connection.',
  ECONNRESET: 'The endpoint closed the connection before it had answered.',
  EHOSTUNREACH: 'There is no way to the endpoint’s address.',
  ENETUNREACH: 'There is no way to the endpoint’s address.',
  ETIMEDOUT: 'The endpoint did not take the connection in time.',
  HPE_HEADER_OVERFLOW: 'The endpoint’s answer has too long headers.',
};

/** What may be told to whoever set the URL: codes of ours, never what a socket says of addresses. */
function reasonOf(error: Error & { code?: string }): Error {
  if (error instanceof UnreachableError || error instanceof UnsafeUrlError) return error;
  const code = error.code ?? '';
  const isTls = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code);
  const message = REASONS[code] ?? (isTls ? 'The endpoint’s certificate is not valid.' : code.startsWith('HPE_') ? 'The endpoint’s answer is not valid HTTP.' : 'The connection to the endpoint failed.');
  return new UnreachableError(message, { cause: error });
}
