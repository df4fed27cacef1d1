import * as z from 'zod';

/** Leads from a message's id at the service that it was imported from to the one that it is stored under (docs/adr/0004-imported-ids.md). */
export const Alias = z.strictObject({
  /** The foreign id. */
  id: z.string(),
  projectId: z.string(),
  threadId: z.string(),
  rev: z.int(),
  sortId: z.string(),
});
export type Alias = z.infer<typeof Alias>;
