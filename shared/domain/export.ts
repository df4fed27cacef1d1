import * as z from 'zod';
import { Lease } from './run.ts';
import { Metadata } from './settings.ts';

/** One thread, or all of a project's threads whose metadata has these pairs. */
export const ExportOf = z.union([z.strictObject({ threadId: z.string() }), z.strictObject({ metadata: Metadata })]);
export type ExportOf = z.infer<typeof ExportOf>;

export const ExportCounts = z.strictObject({ threads: z.int(), messages: z.int(), runs: z.int(), steps: z.int() });
export type ExportCounts = z.infer<typeof ExportCounts>;

/** A file that is being put together from parts (shared/ports/blobs.ts). */
export const Upload = z.strictObject({ id: z.string(), parts: z.array(z.strictObject({ number: z.int(), tag: z.string(), bytes: z.int() })) });
export type Upload = z.infer<typeof Upload>;

const base = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  of: ExportOf,
  format: z.enum(['jsonl', 'markdown']),
  /** Asked for, or made because a thread has expired. */
  cause: z.enum(['request', 'expiry']),
  counts: ExportCounts,
  /** Written so far. */
  bytes: z.int(),
});

/** A history on its way into a file. What it has written and where it stands is stored with every part, so that anybody can go on from there. */
export const Export = z.discriminatedUnion('status', [
  base.extend({ status: z.literal('queued') }),
  base.extend({
    status: z.literal('in_progress'),
    startedAtMs: z.int(),
    lease: Lease.optional(),
    /** How far it has got, in the exporter's own words. */
    cursor: z.string().optional(),
    upload: Upload.optional(),
  }),
  base.extend({ status: z.literal('completed'), startedAtMs: z.int(), completedAtMs: z.int() }),
  base.extend({ status: z.literal('failed'), startedAtMs: z.int().optional(), failedAtMs: z.int(), error: z.string() }),
]);
export type Export = z.infer<typeof Export>;
export type ExportIn<S extends Export['status']> = Extract<Export, { status: S }>;

export const NO_COUNTS: ExportCounts = { threads: 0, messages: 0, runs: 0, steps: 0 };
