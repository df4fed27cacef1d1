import * as z from 'zod';
import { Metadata } from '../../domain/settings.ts';
import { Retention, type ThreadInput } from '../../domain/thread.ts';
import { CreateMessage, toMessageInput } from './messages.ts';
import { metadata, optional } from './settings.ts';
import { createToolResources, modifyToolResources } from './tool-resources.ts';

/** Threadkeep's own: `retention`, as `{"days": 7}` or "never", and `export_on_expiry`. */
export const CreateThread = z.strictObject({
  messages: optional(z.array(CreateMessage)),
  tool_resources: createToolResources('thread'),
  metadata,
  retention: optional(Retention),
  export_on_expiry: optional(z.boolean()),
});
export type CreateThread = z.infer<typeof CreateThread>;

export const ModifyThread = z.strictObject({
  tool_resources: modifyToolResources('thread'),
  metadata: Metadata.nullish(),
  retention: Retention.optional(),
  export_on_expiry: z.boolean().nullish(),
});
export type ModifyThread = z.infer<typeof ModifyThread>;

export const toThreadInput = (request: CreateThread | undefined): ThreadInput => ({
  messages: (request?.messages ?? []).map(toMessageInput),
  metadata: request?.metadata ?? {},
  toolResources: request?.tool_resources,
  retention: request?.retention,
  exportOnExpiry: request?.export_on_expiry,
});
