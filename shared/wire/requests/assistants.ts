import * as z from 'zod';
import { Metadata, ReasoningEffort, ResponseFormat } from '../../domain/settings.ts';
import { instructions, metadata, optional, overridable, temperature, tools, topP } from './settings.ts';
import { createToolResources, modifyToolResources } from './tool-resources.ts';

const name = z.string().max(256);
const description = z.string().max(512);

export const CreateAssistant = z.strictObject({
  ...overridable,
  model: z.string().min(1),
  name: optional(name),
  description: optional(description),
  tool_resources: createToolResources('assistant'),
  metadata,
});
export type CreateAssistant = z.infer<typeof CreateAssistant>;

/** What is absent stays as it is; null empties. */
export const ModifyAssistant = z.strictObject({
  model: z.string().min(1).optional(),
  name: name.nullish(),
  description: description.nullish(),
  instructions: instructions.nullish(),
  tools: tools.nullish(),
  tool_resources: modifyToolResources('assistant'),
  metadata: Metadata.nullish(),
  temperature: temperature.nullish(),
  top_p: topP.nullish(),
  reasoning_effort: ReasoningEffort.nullish(),
  response_format: ResponseFormat.nullish(),
});
export type ModifyAssistant = z.infer<typeof ModifyAssistant>;
