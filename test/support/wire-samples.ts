/** Wire objects that the contract accepts as they are, for tests that bend them until it does not. */
import type { JsonObject } from './contract-json.ts';

const NOW = 1_700_000_000;
const USAGE = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12, prompt_token_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } };
const belonging = { assistant_id: 'asst_1', thread_id: 'thread_1', run_id: 'run_1' };

/** A run in `status`, with usage once it has ended. */
export const sampleRun = (status = 'queued', more: JsonObject = {}): JsonObject => ({
  id: 'run_1',
  object: 'thread.run',
  created_at: NOW,
  assistant_id: 'asst_1',
  thread_id: 'thread_1',
  status,
  started_at: null,
  expires_at: NOW + 600,
  cancelled_at: null,
  failed_at: null,
  completed_at: null,
  required_action: null,
  last_error: null,
  model: 'gpt-4o',
  instructions: null,
  tools: [],
  tool_resources: {},
  metadata: {},
  temperature: 1,
  top_p: 1,
  reasoning_effort: null,
  max_completion_tokens: null,
  max_prompt_tokens: null,
  truncation_strategy: { type: 'auto', last_messages: null },
  incomplete_details: null,
  usage: ['completed', 'incomplete', 'failed', 'cancelled', 'expired'].includes(status) ? { ...USAGE } : null,
  response_format: 'auto',
  tool_choice: 'auto',
  parallel_tool_calls: true,
  ...more,
});

/** A step that creates message msg_1. */
export const sampleStep = (status = 'in_progress', more: JsonObject = {}): JsonObject => ({
  id: 'step_1',
  object: 'thread.run.step',
  created_at: NOW,
  ...belonging,
  type: 'message_creation',
  status,
  cancelled_at: null,
  completed_at: null,
  expired_at: null,
  expires_at: null,
  failed_at: null,
  last_error: null,
  step_details: { type: 'message_creation', message_creation: { message_id: 'msg_1' } },
  usage: status === 'in_progress' ? null : { ...USAGE },
  metadata: {},
  ...more,
});

/** A step of function calls; `calls` as the end of the step has them. */
export const sampleCallStep = (status = 'in_progress', calls: JsonObject[] = []): JsonObject =>
  sampleStep(status, { id: 'step_calls', type: 'tool_calls', step_details: { type: 'tool_calls', tool_calls: calls } });

/** The answer of run_1, with text or without any content yet. */
export const sampleMessage = (status = 'in_progress', value?: string): JsonObject => ({
  id: 'msg_1',
  object: 'thread.message',
  created_at: NOW,
  ...belonging,
  status,
  incomplete_details: null,
  incomplete_at: null,
  completed_at: null,
  role: 'assistant',
  content: value === undefined ? [] : [{ type: 'text', text: { value, annotations: [] } }],
  attachments: [],
  metadata: {},
});

export const sampleThread = (): JsonObject => ({ id: 'thread_1', object: 'thread', created_at: NOW, metadata: {}, tool_resources: {} });

/** Delta entries of message msg_1, or of step step_calls. */
export const sampleDelta = (...content: JsonObject[]): JsonObject => ({ id: 'msg_1', object: 'thread.message.delta', delta: { content } });
export const sampleCallDelta = (...calls: JsonObject[]): JsonObject => ({ id: 'step_calls', object: 'thread.run.step.delta', delta: { step_details: { type: 'tool_calls', tool_calls: calls } } });
export const sampleText = (value: string, annotations?: JsonObject[]): JsonObject => ({ index: 0, type: 'text', text: { value, ...(annotations && { annotations }) } });
