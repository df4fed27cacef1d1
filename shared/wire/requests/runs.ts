import * as z from 'zod';
import { WhenBusy } from '../../domain/project.ts';
import type { RunOverrides } from '../../domain/run.ts';
import { Metadata, ToolChoice, TruncationStrategy, integer } from '../../domain/settings.ts';
import { idOf } from './ids.ts';
import { CreateMessage } from './messages.ts';
import { instructions, metadata, optional, overridable } from './settings.ts';
import { CreateThread } from './threads.ts';
import { runToolResources } from './tool-resources.ts';

/** Lowest token limit that a run may set (contract §2). */
const FEWEST_TOKENS = 256;
const tokenLimit = optional(integer().min(FEWEST_TOKENS));

const settings = {
  ...overridable,
  assistant_id: idOf('assistant'),
  model: optional(z.string().min(1)),
  metadata,
  stream: optional(z.boolean()),
  max_prompt_tokens: tokenLimit,
  max_completion_tokens: tokenLimit,
  truncation_strategy: optional(TruncationStrategy),
  tool_choice: optional(ToolChoice),
  parallel_tool_calls: optional(z.boolean()),
};

export const CreateRun = z.strictObject({
  ...settings,
  additional_instructions: optional(instructions),
  additional_messages: optional(z.array(CreateMessage)),
});
export type CreateRun = z.infer<typeof CreateRun>;

/** Threadkeep's own: what is to become of the run if its thread is busy. */
export const WHEN_BUSY = 'x-threadkeep-when-busy';
export const WhenBusyHeader = z.object({ [WHEN_BUSY]: WhenBusy.optional() });

/** `reasoning_effort` is not in the published schema of this one; taking it is harmless and spares a surprise. */
export const CreateThreadAndRun = z.strictObject({
  ...settings,
  thread: optional(CreateThread),
  tool_resources: runToolResources,
});
export type CreateThreadAndRun = z.infer<typeof CreateThreadAndRun>;

export const ModifyRun = z.strictObject({ metadata: Metadata.nullish() });

export const SubmitToolOutputs = z.strictObject({
  tool_outputs: z.array(z.strictObject({ tool_call_id: z.string().optional(), output: z.string().optional() })),
  stream: optional(z.boolean()),
});

export function toOverrides(request: Omit<CreateRun, 'additional_messages' | 'additional_instructions'>): RunOverrides {
  const { last_messages, type } = request.truncation_strategy ?? { type: 'auto' };
  return {
    model: request.model,
    instructions: request.instructions,
    tools: request.tools,
    temperature: request.temperature,
    topP: request.top_p,
    reasoningEffort: request.reasoning_effort,
    responseFormat: request.response_format,
    metadata: request.metadata ?? {},
    truncationStrategy: { type, ...(last_messages != null && { last_messages }) },
    toolChoice: request.tool_choice ?? 'auto',
    parallelToolCalls: request.parallel_tool_calls ?? true,
    maxPromptTokens: request.max_prompt_tokens,
    maxCompletionTokens: request.max_completion_tokens,
  };
}
