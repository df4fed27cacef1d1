import * as z from 'zod';
import { integer } from './settings.ts';
import { Retention } from './thread.ts';

/** What becomes of a run that is asked for while another holds its thread. */
export const WhenBusy = z.enum(['reject', 'queue', 'cancel_active']);
export type WhenBusy = z.infer<typeof WhenBusy>;

/** How many days before a thread expires its project is warned. */
export const ExpiringDays = integer().min(1).max(365);

/** What a project has set for itself. Most have set nothing, and have no record. `id` is the project's own name. */
export const Project = z.strictObject({
  id: z.string(),
  rev: z.int(),
  /** For threads that do not say otherwise; the server's own when absent. */
  retention: Retention.optional(),
  exportOnExpiry: z.boolean(),
  /** Nobody is warned when absent. */
  expiringDays: ExpiringDays.optional(),
  whenBusy: WhenBusy,
});
export type Project = z.infer<typeof Project>;

/** A project that has set nothing. */
export const newProject = (id: string): Project => ({ id, rev: 0, exportOnExpiry: false, whenBusy: 'reject' });
