import type { MiddlewareHandler } from 'hono';
import { hashKey } from '../domain/api-key.ts';
import { type Store, keys } from '../ports/store.ts';
import { UnauthorizedError } from '../wire/http-errors.ts';
import type { Env } from './endpoint.ts';

/** Finds the project by the key. Looked up on each request, so that a revoked key is refused at once. */
export const authenticate = (store: Store): MiddlewareHandler<Env> => async (context, next) => {
  const key = /^Bearer\s+(\S+)\s*$/i.exec(context.req.header('authorization') ?? '')?.[1];
  if (key === undefined) throw new UnauthorizedError(undefined);
  const found = await store.get(keys.apiKey(hashKey(key)));
  if (!found) throw new UnauthorizedError(key);
  context.set('projectId', found.projectId);
  await next();
};
