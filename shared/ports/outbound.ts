/** Requests to URLs that users have named: to anywhere on the public internet, and to nothing else. */

export interface OutboundRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** For all of it: names looked up, connected, answered to the last byte. */
  timeoutMs: number;
  /** The most of an answer's body that is read. */
  mostBytes: number;
  /** Nobody waits for the answer any more when it aborts; `post` then rejects with its reason. */
  signal?: AbortSignal | undefined;
}

export interface OutboundResponse {
  /** As it came. A redirect is an answer like any other, and is not followed. */
  status: number;
  body: Uint8Array;
  /** The body was longer than `mostBytes`; the rest was not read. */
  isCut: boolean;
}

export interface Outbound {
  /** Throws UnsafeUrlError for a URL that nothing would ever be sent to. Looks up no names. */
  check(url: string): void;
  /** One POST, to an address that was checked. Rejects with UnsafeUrlError or UnreachableError when no answer came. */
  post(request: OutboundRequest): Promise<OutboundResponse>;
}

/** Nothing is sent there. The message says why, and nothing of what the name resolves to. */
export class UnsafeUrlError extends Error {
  override readonly name = 'UnsafeUrlError';
}

/** No answer came, or not all of it. The message is for whoever runs the endpoint. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}
