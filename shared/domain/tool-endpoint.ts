import * as z from 'zod';
import { FunctionName, integer } from './settings.ts';
import { SigningSecret } from './webhook-endpoint.ts';

/** How long a call may take, in seconds. */
export const LONGEST_CALL_SECONDS = 480;
export const ToolTimeout = integer().min(1).max(LONGEST_CALL_SECONDS);

/** How many a project may have. */
export const MOST_TOOL_ENDPOINTS = 100;

/** A Lambda function's ARN, with the name of a version or an alias, or without. */
export const FunctionArn = z.string().regex(/^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9_-]{1,64}(:[a-zA-Z0-9$_-]{1,128})?$/);

/** Who answers a project's calls of one function. `id` is the function's name. */
export const ToolEndpoint = z.strictObject({
  id: FunctionName,
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  /** When what it is, or what it signs with, was changed last; absent for one that never was. */
  updatedAtMs: z.int().optional(),
  target: z.union([z.strictObject({ url: z.string() }), z.strictObject({ lambdaArn: z.string() })]),
  /** What calls are signed with, the newest first: as a webhook's. */
  secrets: z.array(SigningSecret).min(1),
  timeoutSeconds: ToolTimeout,
});
export type ToolEndpoint = z.infer<typeof ToolEndpoint>;
