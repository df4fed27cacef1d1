import * as z from 'zod';
import { Metadata, ReasoningEffort, ResponseFormat, Tool, ToolResources } from './settings.ts';

/** A stored assistant. Times are Unix milliseconds; what the client left out is absent. */
export const Assistant = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  model: z.string(),
  name: z.string().optional(),
  description: z.string().optional(),
  instructions: z.string().optional(),
  reasoningEffort: ReasoningEffort.optional(),
  tools: z.array(Tool),
  toolResources: ToolResources,
  metadata: Metadata,
  temperature: z.number().optional(),
  topP: z.number().optional(),
  responseFormat: ResponseFormat,
});
export type Assistant = z.infer<typeof Assistant>;
