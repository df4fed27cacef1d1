/** What the server of uploads does with a request: the same app as everywhere, for those who come by the distribution. */
import { timingSafeEqual } from 'node:crypto';
import type { Hono } from 'hono';
import { ORIGIN_HEADER } from './env.ts';
import { isUploadPath } from './routes.ts';

export interface Parts {
  app: Pick<Hono, 'fetch'>;
  secret: () => Promise<string>;
  /** Waited for before the answer is given: an execution environment may be stopped after it. */
  drained: () => Promise<void>;
}

const refusal = (status: number, message: string): Response => Response.json({ error: { message, type: 'invalid_request_error', param: null, code: null } }, { status });

export async function answer({ app, secret, drained }: Parts, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  // Lambda asks whether the server is up, and is let in without the secret.
  if (pathname === '/healthz') return app.fetch(request);
  if (!isSame(request.headers.get(ORIGIN_HEADER) ?? '', await secret())) return refusal(403, 'Requests must come by this server’s base URL.');
  // Its role could do nothing else.
  if (!isUploadPath(pathname)) return refusal(404, `Only uploads are taken here, not ${request.method} ${pathname}.`);
  const response = await app.fetch(request);
  await drained();
  return response;
}

const isSame = (given: string, wanted: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
};
