import * as z from 'zod';

/** Query strings are open. */
export const ImportQuery = z.object({ dry_run: z.enum(['true', 'false']).default('false') });
