/** An endpoint is its schemas and one function; nothing unparsed can reach that function. */
import type { Context } from 'hono';
import type * as z from 'zod';
import { validate, wrongPrefix } from '../wire/validate.ts';
import { type Admission, untilAdmitted } from './admission.ts';
import { readJson } from './body.ts';
import { type Creates, type Sent, withIdempotency } from './idempotency.ts';
import type { Service } from './service.ts';

/** What the middleware leaves for the endpoints. `admission` is absent when the key has been found valid already. */
export type Env = { Variables: { requestId: string; projectId: string; admission?: Admission } };

export interface Call<B, Q> extends Service {
  projectId: string;
  body: B;
  query: Q;
  /** A part of the path, whose prefix has been checked. */
  id: (name: IdName) => string;
  header: (name: string) => string | undefined;
  /** As it came; its body is unread where the endpoint says so. */
  request: Request;
  /** What tells this request from others. An endpoint that reads its body itself puts here what it has read, before it makes anything. */
  sent: Sent;
}

interface Spec<B extends z.ZodType, Q extends z.ZodType> {
  body?: B;
  query?: Q;
  /** The kind of record that this endpoint makes: it then honours `Idempotency-Key`. */
  creates?: Creates;
  /** The body is the endpoint's own to read, from `request`. */
  isStream?: boolean;
  /** A plain object is sent as JSON with status 200. */
  handle: (call: Call<z.output<B>, z.output<Q>>) => Promise<object>;
}

export type Endpoint = (service: Service, context: Context<Env>) => Promise<Response>;

/** Ids of files are not among them, for an unknown one of whatever look was answered with a 404 (contract §9). */
const ID_PREFIXES = { assistant_id: 'asst', thread_id: 'thread', message_id: 'msg', run_id: 'run', step_id: 'step', upload_id: 'upload', webhook_endpoint_id: 'whe', delivery_id: 'whd', export_id: 'exp', vector_store_id: 'vs', batch_id: 'vsfb' } as const;
export type IdName = keyof typeof ID_PREFIXES | 'file_id' | 'model' | 'function_name';

export function endpoint<B extends z.ZodType = z.ZodUndefined, Q extends z.ZodType = z.ZodUndefined>(spec: Spec<B, Q>): Endpoint {
  const answer = async (service: Service, context: Context<Env>): Promise<Response> => {
    const { req } = context;
    checkIds(req.param());
    const query = (spec.query ? validate(spec.query, req.query()) : undefined) as z.output<Q>;
    // An absent body and an empty one are an empty object: the official clients send either.
    const raw = req.method === 'POST' && !spec.isStream ? await readJson(req.raw, service.maxBodyBytes) : undefined;
    const body = (spec.body ? validate(spec.body, raw === undefined ? {} : raw) : undefined) as z.output<B>;
    const call: Call<z.output<B>, z.output<Q>> = {
      ...service,
      projectId: context.get('projectId'),
      body,
      query,
      id: (name) => req.param(name) ?? '',
      header: (name) => req.header(name),
      request: req.raw,
      sent: { method: req.method, path: req.path, body: raw },
    };
    const result = await withIdempotency(call, spec.creates, spec.handle);
    return result instanceof Response ? result : context.json(result);
  };
  return async (service, context) => {
    const admission = context.get('admission');
    if (!admission) return answer(service, context);
    const response = await answer({ ...service, world: untilAdmitted(service.world, admission) }, context);
    await admission;
    return response;
  };
}

function checkIds(params: Record<string, string>): void {
  for (const [name, value] of Object.entries(params)) {
    const prefix = ID_PREFIXES[name as keyof typeof ID_PREFIXES];
    if (prefix !== undefined && !value.startsWith(prefix)) throw wrongPrefix(name, value, prefix);
  }
}
