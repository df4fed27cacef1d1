import type { MiddlewareHandler } from 'hono';
import { hashKey } from '../domain/api-key.ts';
import { type Store, keys } from '../ports/store.ts';
import { KeyMovedError, UnauthorizedError } from '../wire/http-errors.ts';
import type { Env } from './endpoint.ts';

/** Clients of Azure send the key in a header of its own. */
function keyOf(header: (name: string) => string | undefined): string | undefined {
  const given = header('authorization');
  if (given === undefined) return header('api-key')?.trim() || undefined;
  return /^Bearer\s+(\S+)\s*$/i.exec(given)?.[1];
}

/** Keys whose projects are remembered, the newest. */
const MOST_REMEMBERED = 1000;

/**
 * Finds the project by the key, which is looked up on each request, so that a revoked key is refused at once. For a key that was valid
 * before, the request begins meanwhile with the project that it had then. That is a guess and admits nobody: see untilAdmitted.
 */
export function authenticate(store: Store): MiddlewareHandler<Env> {
  const projects = new Map<string, string>();

  const find = async (key: string, id: string): Promise<string> => {
    const guess = projects.get(id);
    const found = await store.get(keys.apiKey(id));
    projects.delete(id);
    if (!found) throw new UnauthorizedError(key);
    projects.set(id, found.projectId);
    if (projects.size > MOST_REMEMBERED) projects.delete(projects.keys().next().value ?? '');
    if (guess !== undefined && guess !== found.projectId) throw new KeyMovedError();
    return found.projectId;
  };

  return async (context, next) => {
    const key = keyOf((name) => context.req.header(name));
    if (key === undefined) throw new UnauthorizedError(undefined);
    const id = hashKey(key);
    const guess = projects.get(id);
    const admission = find(key, id);
    // The request may fail of something else first.
    admission.catch(() => undefined);
    context.set('projectId', guess ?? (await admission));
    if (guess !== undefined) context.set('admission', admission);
    await next();
  };
}
