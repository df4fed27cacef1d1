import * as z from 'zod';
import { integer } from './settings.ts';

/** How long a call may take, in seconds. */
export const ToolTimeout = integer().min(1).max(480);

/** Who answers a project's calls of one function. `id` is the function's name. */
export const ToolEndpoint = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  target: z.union([z.strictObject({ url: z.string() }), z.strictObject({ lambdaArn: z.string() })]),
  /** What calls are signed with: as a webhook's. */
  secret: z.string().startsWith('whsec_'),
  timeoutSeconds: ToolTimeout,
});
export type ToolEndpoint = z.infer<typeof ToolEndpoint>;
