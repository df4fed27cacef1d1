import * as z from 'zod';
import type { IdKind } from '../../domain/ids.ts';
import { Metadata, integer } from '../../domain/settings.ts';
import type { PageQuery } from '../../ports/store.ts';
import type { StepView } from '../run-step.ts';
import { validate } from '../validate.ts';
import { idOf } from './ids.ts';

/** A number in a query string or a form arrives as text; what is no whole number stays text and is refused by its type. */
export const wholeNumber = <T extends z.ZodType>(schema: T) => z.preprocess((value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? toSafeInteger(value) : value), schema);

const limit = wholeNumber(integer().min(1).max(100).default(20));

const toSafeInteger = (digits: string): number => Math.min(Math.max(Number(digits), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);

/** An empty cursor is none: clients that page by hand send it for the first page. */
export const cursor = (kind: IdKind) => z.preprocess((value) => (value === '' ? undefined : value), idOf(kind).optional());

const pageFields = (kind: IdKind) => ({
  limit,
  order: z.enum(['asc', 'desc']).default('desc'),
  after: cursor(kind),
  before: cursor(kind),
});

/** Query strings are open: clients and proxies add parameters of their own. */
export const pageOf = (kind: IdKind) => z.object(pageFields(kind));
export const MessagePage = z.object({ ...pageFields('message'), run_id: z.string().optional() });

/** `filter` is by status. */
export const VectorStoreFilePage = z.object({ ...pageFields('file'), filter: z.enum(['in_progress', 'completed', 'failed', 'cancelled']).optional() });

const name = z.preprocess((value) => (value === '' ? undefined : value), z.string().optional());

/** Tool endpoints have the names of their functions for ids. */
export const ToolEndpointPage = z.object({ limit, order: z.enum(['asc', 'desc']).default('desc'), after: name, before: name });

/** `metadata[key]=value`, any number of times: Threadkeep's own filter for threads. */
export const ThreadPage = z.object(pageFields('thread')).catchall(z.string());

export function metadataFilter(query: Record<string, unknown>): Record<string, string> | undefined {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key !== undefined && typeof value === 'string' ? [[key, value] as const] : [];
  });
  return pairs.length > 0 ? validate(z.object({ metadata: Metadata }), { metadata: Object.fromEntries(pairs) }).metadata : undefined;
}

export const toPageQuery = (query: z.infer<ReturnType<typeof pageOf>>): PageQuery => ({
  limit: query.limit,
  order: query.order,
  after: query.after,
  before: query.before,
});

/** The one value that `include[]` may have; the clients write the name with brackets, without them, or percent-encoded. */
const included = z.literal('step_details.tool_calls[*].file_search.results[*].content');
const include = { include: included.optional(), 'include[]': included.optional() };

export const Include = z.object(include);
export const toStepView = (query: z.infer<typeof Include>): StepView => ({ withContent: query.include !== undefined || query['include[]'] !== undefined });
export const StepPage = z.object({ ...pageFields('step'), ...include });
