import * as z from 'zod';
import { ExpiringDays, WhenBusy } from '../../domain/project.ts';
import { Retention } from '../../domain/thread.ts';

/** Threadkeep's own. What is absent stays as it is, null takes back what was set. */
export const UpdateProject = z.strictObject({
  retention: Retention.nullish(),
  export_on_expiry: z.boolean().nullish(),
  expiring_days: ExpiringDays.nullish(),
  when_busy: WhenBusy.nullish(),
});
export type UpdateProject = z.infer<typeof UpdateProject>;
