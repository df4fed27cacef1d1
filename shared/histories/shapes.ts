/** What objects of an export, and of the hosted service's own lists, must have. Deep values are checked by the records' own schemas. */
import * as z from 'zod';
import { Metadata, ToolResources } from '../domain/settings.ts';
import { Retention } from '../domain/thread.ts';
import { CallShape } from './calls.ts';

/** Unix seconds, and milliseconds, up to the year 2200. */
const seconds = z.int().min(0).max(7_258_118_400);
const milliseconds = z.int().min(0).max(7_258_118_400_000).nullish();
const id = (prefix: string) => z.string().regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,120}$`), `is no id that begins with '${prefix}_'`);
const text = z.string().nullish();
const common = { created_at: seconds, created_at_ms: milliseconds, metadata: Metadata.nullish() };
const ended = { ended_at_ms: milliseconds, expires_at_ms: milliseconds };
const at = seconds.nullish();
const usage = z
  .object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    prompt_token_details: z.object({ cached_tokens: z.int().nullish() }).nullish(),
    completion_tokens_details: z.object({ reasoning_tokens: z.int().nullish() }).nullish(),
  })
  .nullish();
export type WireUsage = z.infer<typeof usage>;

export const ThreadShape = z.object({
  id: id('thread'),
  ...common,
  tool_resources: ToolResources.nullish(),
  last_active_at_ms: milliseconds,
  retention: Retention.optional(),
  export_on_expiry: z.boolean().nullish(),
});

export const MessageShape = z.object({
  id: id('msg'),
  ...common,
  ...ended,
  thread_id: id('thread'),
  assistant_id: text,
  run_id: text,
  status: z.enum(['in_progress', 'completed', 'incomplete']).nullish(),
  incomplete_details: z.object({ reason: z.string() }).nullish(),
  incomplete_at: at,
  completed_at: at,
  role: z.string(),
  content: z.unknown().optional(),
  attachments: z.unknown().optional(),
  /** Of one whose `id` does not sort by time. */
  sort_id: id('msg').nullish(),
});

/** What an assistant has and each of its runs takes over. */
const settings = {
  model: z.string(),
  instructions: text,
  tools: z.unknown().optional(),
  tool_resources: ToolResources.nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  reasoning_effort: text,
  response_format: z.unknown().optional(),
};

export const RunShape = z.object({
  id: id('run'),
  ...common,
  ...ended,
  thread_id: id('thread'),
  assistant_id: z.string(),
  status: z.enum(['queued', 'in_progress', 'requires_action', 'cancelling', 'cancelled', 'failed', 'completed', 'incomplete', 'expired']),
  started_at: at,
  started_at_ms: milliseconds,
  cancelled_at: at,
  failed_at: at,
  completed_at: at,
  expires_at: at,
  last_error: z.unknown().optional(),
  incomplete_details: z.object({ reason: z.string() }).nullish(),
  ...settings,
  max_completion_tokens: z.int().nullish(),
  max_prompt_tokens: z.int().nullish(),
  truncation_strategy: z.unknown().optional(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean(),
  code_interpreter_sessions: z.int().min(0).nullish(),
  usage,
});

export const StepShape = z.object({
  id: id('step'),
  ...common,
  ...ended,
  thread_id: id('thread'),
  run_id: id('run'),
  assistant_id: z.string(),
  status: z.enum(['in_progress', 'completed', 'failed', 'cancelled', 'expired']),
  cancelled_at: at,
  completed_at: at,
  expired_at: at,
  failed_at: at,
  last_error: z.unknown().optional(),
  step_details: z.discriminatedUnion('type', [
    z.object({ type: z.literal('message_creation'), message_creation: z.object({ message_id: z.string() }) }),
    z.object({ type: z.literal('tool_calls'), tool_calls: z.array(CallShape) }),
  ]),
  usage,
});

export const AssistantShape = z.object({
  id: id('asst'),
  ...common,
  name: text,
  description: text,
  ...settings,
});
