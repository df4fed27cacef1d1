import { z } from 'zod';
import { PREFIX } from '../../domain/ids.ts';
import type { PageQuery } from '../../ports/store.ts';

/** A number in a query string arrives as text; what is no whole number stays text and is refused by its type. */
const integer = z.preprocess((value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value), z.int().min(1).max(100));

const cursor = (kind: keyof typeof PREFIX) =>
  z.string().check((ctx) => {
    const prefix = PREFIX[kind].slice(0, -1);
    if (ctx.value === '' || ctx.value.startsWith(prefix)) return;
    ctx.issues.push({ code: 'custom', input: ctx.value, params: { rule: 'id_prefix', prefix } });
  });

const pageFields = (kind: keyof typeof PREFIX) => ({
  limit: integer.default(20),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: cursor(kind).optional(),
  before: cursor(kind).optional(),
});

/** Query strings are open: clients and proxies add parameters of their own. */
export const pageOf = (kind: keyof typeof PREFIX) => z.object(pageFields(kind));
export const MessagePage = z.object({ ...pageFields('message'), run_id: z.string().optional() });

/** `metadata[key]=value`, any number of times: Threadkeep's own filter for threads. */
export const ThreadPage = z.object(pageFields('thread')).catchall(z.string());

export function metadataFilter(query: Record<string, unknown>): Record<string, string> | undefined {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key !== undefined && typeof value === 'string' ? [[key, value] as const] : [];
  });
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}

export const toPageQuery = (query: z.infer<ReturnType<typeof pageOf>>): PageQuery => ({
  limit: query.limit,
  order: query.order,
  after: query.after || undefined,
  before: query.before || undefined,
});

/** The one value that `include[]` may have; the clients write the name with brackets, without them, or percent-encoded. */
const included = z.literal('step_details.tool_calls[*].file_search.results[*].content');
const include = { include: included.optional(), 'include[]': included.optional() };

export const Include = z.object(include);
export const StepPage = z.object({ ...pageFields('step'), ...include });
