import type { Assistant as WireAssistant } from 'openai/resources/beta/assistants';
import { toSeconds } from '../domain/clock.ts';
import type { Assistant } from '../domain/assistant.ts';
import type { ReasoningEffort, ToolResources } from '../domain/settings.ts';
import { toWireTool } from './tools.ts';

export const toWireAssistant = (assistant: Assistant): WireAssistant & { reasoning_effort: ReasoningEffort | null } => ({
  id: assistant.id,
  object: 'assistant',
  created_at: toSeconds(assistant.createdAtMs),
  name: assistant.name ?? null,
  description: assistant.description ?? null,
  model: assistant.model,
  instructions: assistant.instructions ?? null,
  tools: assistant.tools.map(toWireTool),
  top_p: assistant.topP ?? 1,
  temperature: assistant.temperature ?? 1,
  reasoning_effort: assistant.reasoningEffort ?? null,
  tool_resources: resourcesOf(assistant),
  metadata: assistant.metadata,
  response_format: assistant.responseFormat,
});

/** The hosted service named what each of the assistant's tools has, also when that is nothing (contract §3). */
const resourcesOf = ({ tools, toolResources }: Assistant): ToolResources => ({
  ...(tools.some(({ type }) => type === 'code_interpreter') && { code_interpreter: { file_ids: [] } }),
  ...(tools.some(({ type }) => type === 'file_search') && { file_search: { vector_store_ids: [] } }),
  ...toolResources,
});
