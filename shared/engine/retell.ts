/** A step as a stream tells it, made of what is known of it afterwards. */
import type { ContentPart, Message } from '../domain/message.ts';
import type { CodeOutputDelta, MessageDelta, RunEvent, ToolCallDelta } from '../domain/run-event.ts';
import { type CodeCall, type CodeOutput, type FileSearchCall, type FunctionCall, type RunStep, type StepOf, type ToolCall, isCodeCall, isFunctionCall } from '../domain/run-step.ts';

/** How a step opens: nothing is in it yet. */
export function stepOpening(step: RunStep): RunEvent[] {
  const { id, projectId, threadId, runId, assistantId, createdAtMs, expiresAtMs, metadata, details } = step;
  const first: StepOf<'in_progress'> = {
    ...{ id, projectId, threadId, runId, assistantId, createdAtMs, expiresAtMs, metadata },
    rev: 0,
    details: details.type === 'tool_calls' ? { type: 'tool_calls', toolCalls: [] } : details,
    status: 'in_progress',
  };
  return [
    { type: 'thread.run.step.created', step: first },
    { type: 'thread.run.step.in_progress', step: first },
  ];
}

/** How the message of a step opens: nothing is said in it yet. */
export function messageOpening(message: Message): RunEvent[] {
  const { id, projectId, threadId, createdAtMs, role, attachments, metadata, assistantId, runId } = message;
  const empty: Message = { id, projectId, threadId, createdAtMs, role, attachments, metadata, assistantId, runId, rev: 0, content: [], status: 'in_progress' };
  return [
    { type: 'thread.message.created', message: empty },
    { type: 'thread.message.in_progress', message: empty },
  ];
}

/** What a message says and shows beyond `told`, part by part: one delta with all of it, or none. */
export function messageRest({ id: messageId, content }: Message, told: readonly ContentPart[]): RunEvent[] {
  const rest = content.flatMap((part, index) => partRest(part, index, told[index]));
  return rest.length === 0 ? [] : [{ type: 'thread.message.delta', messageId, content: rest }];
}

function partRest(part: ContentPart, index: number, told: ContentPart | undefined): MessageDelta[] {
  // Only clients show images by their addresses.
  if (part.type === 'image_url') return [];
  if (part.type === 'image_file') return told ? [] : [{ index, type: 'image_file', image_file: { file_id: part.image_file.file_id, detail: 'auto' } }];
  const rest = wordsOf(part).slice(wordsOf(told).length);
  if (part.type === 'refusal') return rest === '' && told ? [] : [{ index, type: 'refusal', refusal: rest }];
  const from = told?.type === 'text' ? told.text.annotations.length : 0;
  const annotations = part.text.annotations.slice(from).map((annotation, at) => ({ index: from + at, ...annotation }));
  if (rest === '' && told && annotations.length === 0) return [];
  return [{ index, type: 'text', text: told === undefined || annotations.length > 0 ? { value: rest, annotations } : { value: rest } }];
}

function wordsOf(part: ContentPart | undefined): string {
  if (part?.type === 'text') return part.text.value;
  return part?.type === 'refusal' ? part.refusal : '';
}

/** All that is told of a search while its step is open. */
export const searchOpening = (index: number, { id, rankingOptions }: FileSearchCall): ToolCallDelta => ({ index, id, type: 'file_search', file_search: { ranking_options: rankingOptions, results: [] } });

/** How code opens: nothing of it is there yet. */
export const codeOpening = (index: number, { id }: CodeCall): ToolCallDelta => ({ index, id, type: 'code_interpreter', code_interpreter: { input: '', outputs: [] } });

/** What a step's calls are beyond what was told of them: each opens with a delta of its own, as its driver has it. */
export function callsRest({ id: stepId, details }: RunStep, told: readonly ToolCall[]): RunEvent[] {
  if (details.type !== 'tool_calls') return [];
  const deltas = details.toolCalls.flatMap((call, index) => callRest(call, index, told[index]));
  return deltas.map((toolCall): RunEvent => ({ type: 'thread.run.step.delta', stepId, toolCalls: [toolCall] }));
}

function callRest(call: ToolCall, index: number, told: ToolCall | undefined): ToolCallDelta[] {
  switch (call.type) {
    case 'function':
      return [...(told ? [] : [functionOpening(index, call)]), ...functionRest(call, index, told && isFunctionCall(told) ? told.arguments : '')];
    case 'file_search':
      return told ? [] : [searchOpening(index, call)];
    case 'code_interpreter':
      return [...(told ? [] : [codeOpening(index, call)]), ...codeRest(call, index, told && isCodeCall(told) ? told : { input: '' })];
  }
}

const functionOpening = (index: number, { id, name }: FunctionCall): ToolCallDelta => ({ index, id, type: 'function', function: { name, arguments: '', output: null } });

function functionRest(call: FunctionCall, index: number, told: string): ToolCallDelta[] {
  const rest = call.arguments.slice(told.length);
  return rest === '' ? [] : [{ index, type: 'function', function: { arguments: rest } }];
}

/** First the rest of the code, then that of what came out of it. */
function codeRest({ input, outputs = [] }: CodeCall, index: number, told: Pick<CodeCall, 'input' | 'outputs'>): ToolCallDelta[] {
  const rest = input.slice(told.input.length);
  const out = outputs.flatMap((output, at) => outputRest(output, at, told.outputs?.[at]));
  const delta = (piece: { input: string } | { outputs: CodeOutputDelta[] }): ToolCallDelta => ({ index, type: 'code_interpreter', code_interpreter: piece });
  return [...(rest === '' ? [] : [delta({ input: rest })]), ...(out.length === 0 ? [] : [delta({ outputs: out })])];
}

function outputRest(output: CodeOutput, index: number, told: CodeOutput | undefined): CodeOutputDelta[] {
  if (output.type === 'image') return told ? [] : [{ index, type: 'image', image: { file_id: output.fileId } }];
  const rest = output.logs.slice(told?.type === 'logs' ? told.logs.length : 0);
  return rest === '' && told ? [] : [{ index, type: 'logs', logs: rest }];
}
