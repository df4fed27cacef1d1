import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { randomUUID } from 'node:crypto';
import { cors } from 'hono/cors';
import { getPath } from 'hono/utils/url';
import { hasFeature } from '../actions/features.ts';
import { RequestError } from '../domain/errors.ts';
import { toWireError } from '../wire/errors.ts';
import { ForbiddenHostError, NoSuchUrlError, WrongMethodError } from '../wire/http-errors.ts';
import { authenticate } from './auth.ts';
import type { Env } from './endpoint.ts';
import { routes } from './routes.ts';
import type { Service } from './service.ts';

/** How paths begin that the clients of Azure make of their `endpoint`. */
const AZURES_PREFIX = /^\/openai(\/v1)?(?=\/)/;

/** The whole API as one fetch handler; the fronts (a Node server, a Lambda) only carry requests to it. */
export function makeApp(service: Service): Hono<Env> {
  const app = new Hono<Env>({ getPath: (request) => getPath(request).replace(AZURES_PREFIX, '/v1') });
  app.use(responseHeaders);
  if (service.corsOrigins.length > 0) app.use(allowOrigins(service.corsOrigins));
  if (service.allowedHosts) app.use(checkHost(service.allowedHosts));
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.use('/v1/*', authenticate(service.world.store));
  const offered = routes.filter(([, , , feature]) => feature === undefined || hasFeature(service.world, feature));
  for (const [method, path, handle] of offered) app.on(method, `/v1${path}`, (context) => handle(service, context));
  // After every method that a path has, all others.
  for (const path of new Set(offered.map(([, path]) => path))) {
    app.all(`/v1${path}`, ({ req }) => {
      throw new WrongMethodError(req.method, req.path);
    });
  }
  app.notFound((context) => errorResponse(service, context, new NoSuchUrlError(context.req.method, context.req.path)));
  app.onError((error, context) => errorResponse(service, context, error));
  return app;
}

async function errorResponse(service: Service, context: Context<Env>, reason: Error): Promise<Response> {
  // A key that is not valid outdoes whatever else is wrong.
  const refusal = await context.get('admission')?.then(() => undefined, (error: Error) => error);
  const error = refusal ?? reason;
  if (!(error instanceof RequestError)) {
    service.world.log.error('request_failed', { requestId: context.get('requestId'), error });
  }
  const { status, body, headers } = toWireError(error);
  return Response.json(body, { status, headers });
}

/** On every response, errors included (contract §6). */
const responseHeaders: MiddlewareHandler<Env> = async (context, next) => {
  const startedMs = performance.now();
  const requestId = `req_${randomUUID().replaceAll('-', '')}`;
  context.set('requestId', requestId);
  await next();
  const { headers } = context.res;
  headers.set('x-request-id', requestId);
  headers.set('openai-version', '2020-10-01');
  headers.set('openai-processing-ms', String(Math.round(performance.now() - startedMs)));
};

/**
 * A page whose name was made to resolve to this machine is of the same origin as the server to its browser, so no CORS rule stops it;
 * the name it was loaded by gives it away.
 */
const checkHost = (allowed: readonly string[]): MiddlewareHandler => (context, next) => {
  const { hostname } = new URL(context.req.url);
  if (!allowed.includes(hostname)) throw new ForbiddenHostError(hostname);
  return next();
};

const LOOPBACK = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * 'local' stands for any page served from this machine. Only browsers send an Origin; what has none is left alone, because
 * hono's cors makes every response anew, body and all, which costs more than the rest of a small request.
 */
function allowOrigins(allowed: readonly string[]): MiddlewareHandler {
  const answerBrowser = cors({
    origin: (origin) => {
      if (allowed.includes('*')) return '*';
      return allowed.includes(origin) || (allowed.includes('local') && LOOPBACK.test(origin)) ? origin : undefined;
    },
    allowMethods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
    exposeHeaders: ['x-request-id', 'openai-version', 'openai-processing-ms', 'openai-poll-after-ms', 'retry-after'],
    maxAge: 86_400,
  });
  return (context, next) => (context.req.header('origin') === undefined ? next() : answerBrowser(context, next));
}
