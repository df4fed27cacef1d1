/** From a run and what was said so far to one Chat Completions request. Pure. */
import type { ChatCompletionContentPart, ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { Message } from '../domain/message.ts';
import type { FileSearchCall, FunctionCall } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { ModelRequest } from '../ports/model.ts';
import { withoutCitations } from './citations.ts';
import type { CodeContext } from './code-context.ts';
import type { Images } from './load-images.ts';
import { MOST_EXECUTIONS, MOST_SEARCHES, codeName, offeredFunctions, searchName } from './offer-tools.ts';

/** What the run itself has done so far, in order: a text it wrote, or calls with their outputs, searches as the function calls that they were. */
export type RunTurn = { type: 'message'; message: Message } | { type: 'calls'; calls: FunctionCall[] };

export interface Conversation {
  /** Of the thread, oldest first, already cut to what fits. */
  history: Message[];
  turns: RunTurn[];
  images: Images;
  /** The run's searches so far: what it may cite. */
  searches: FileSearchCall[];
  /** Of a run with code_interpreter. */
  code?: CodeContext | undefined;
  /** The run's newest step: the next one's id must sort behind it. */
  lastStepId: string | undefined;
}

/** `completionTokens` is what is left of the run's budget, absent when it has none. */
export function buildModelRequest(run: Run, { history, turns, images = new Map(), searches = [], code }: Pick<Conversation, 'history' | 'turns'> & Partial<Pick<Conversation, 'images' | 'searches' | 'code'>>, completionTokens: number | undefined): ModelRequest {
  const said = [...history.map((message) => fromThread(message, images)), ...turnMessages(turns)];
  // Chat Completions refuses a call without any message; the Assistants API could run an empty thread.
  const instructions = run.instructions || (said.length === 0 ? 'You are a helpful assistant.' : '');
  return {
    model: run.model,
    messages: [...(instructions ? [{ role: 'system' as const, content: instructions }] : []), ...said],
    ...toolSettings(run, { isFirstCall: !turns.some((turn) => turn.type === 'calls'), canSearch: searches.length < MOST_SEARCHES, code }),
    ...(run.responseFormat !== 'auto' && { response_format: responseFormat(run.responseFormat) }),
    // 1 is every provider's default, and the reasoning models refuse to be told so.
    ...(run.temperature !== undefined && run.temperature !== 1 && { temperature: run.temperature }),
    ...(run.topP !== undefined && run.topP !== 1 && { top_p: run.topP }),
    ...(run.reasoningEffort !== undefined && { reasoning_effort: run.reasoningEffort }),
    ...(completionTokens !== undefined && { max_completion_tokens: completionTokens }),
  };
}

/**
 * A forced choice holds for the first call alone: kept up, the run could never come to its answer. Nor could a model that goes on searching or executing: once
 * its searches or executions are used up it is not offered any. Providers may refuse the calls among the messages without any function, so what stands alone stays, not to be called.
 */
function toolSettings(run: Run, { isFirstCall, canSearch, code }: { isFirstCall: boolean; canSearch: boolean; code: CodeContext | undefined }): Partial<ModelRequest> {
  const all = offeredFunctions(run.tools, code?.inputFiles);
  if (all.length === 0) return {};
  const usedUp = [canSearch ? undefined : searchName(run.tools), code && code.calls >= MOST_EXECUTIONS ? codeName(run.tools) : undefined];
  const callable = all.filter(({ name }) => !usedUp.includes(name));
  const functions = callable.length > 0 ? callable : all;
  return {
    tools: functions.map(({ strict, ...definition }) => ({
      type: 'function' as const,
      function: { ...definition, ...(strict && { strict }) },
    })),
    // True is the default, and some reasoning models refuse to be told so.
    ...(!run.parallelToolCalls && { parallel_tool_calls: false }),
    ...(callable.length > 0 ? toolChoice(run, isFirstCall) : { tool_choice: 'none' as const }),
  };
}

function toolChoice({ toolChoice: choice, tools }: Run, isFirstCall: boolean): Partial<ModelRequest> {
  if (choice === 'none') return { tool_choice: 'none' };
  if (choice === 'auto' || !isFirstCall) return {};
  if (choice === 'required') return { tool_choice: 'required' };
  if (choice.type === 'function') return { tool_choice: { type: 'function', function: choice.function } };
  const name = choice.type === 'file_search' ? searchName(tools) : codeName(tools);
  return name === undefined ? {} : { tool_choice: { type: 'function', function: { name } } };
}

function responseFormat(format: Exclude<Run['responseFormat'], 'auto'>): NonNullable<ModelRequest['response_format']> {
  if (format.type !== 'json_schema') return format;
  const { strict, schema, ...rest } = format.json_schema;
  return { type: 'json_schema', json_schema: { ...rest, ...(schema && { schema }), ...(strict && { strict }) } };
}

function fromThread(message: Message, images: Images): ChatCompletionMessageParam {
  return message.role === 'user' ? { role: 'user', content: userContent(message, images) } : { role: 'assistant', content: historyText(message) };
}

function userContent(message: Message, images: Images): string | ChatCompletionContentPart[] {
  const parts = message.content.flatMap((part): ChatCompletionContentPart[] => {
    switch (part.type) {
      case 'text':
        return [{ type: 'text', text: part.text.value }];
      case 'image_url':
        return [{ type: 'image_url', image_url: part.image_url }];
      case 'image_file':
        return [imagePart(part.image_file, images)];
      case 'refusal':
        return [];
    }
  });
  const [only] = parts;
  return parts.length === 1 && only?.type === 'text' ? only.text : parts;
}

/** A model that is not told of an image which it cannot see would answer as if there were none. */
function imagePart({ file_id, detail }: { file_id: string; detail: 'auto' | 'low' | 'high' }, images: Images): ChatCompletionContentPart {
  const url = images.get(file_id);
  return url === undefined ? { type: 'text', text: `(An image, ${file_id}, was sent here and cannot be shown to you.)` } : { type: 'image_url', image_url: { url, detail } };
}

/** Chat Completions takes an assistant's past words as text alone. */
export const plainText = (message: Message): string =>
  message.content
    .flatMap((part) => (part.type === 'text' ? [part.text.value] : part.type === 'refusal' ? [part.refusal] : []))
    .join('\n');

/** Of a run that is over: what its markers named is not to be seen any more, and the model must not copy them. */
export const historyText = (message: Message): string => plainText({ ...message, content: message.content.map(withoutCitations) });

/** A text and the calls right after it came out of one model call, so they go back as one message. */
function turnMessages(turns: RunTurn[]): ChatCompletionMessageParam[] {
  const result: ChatCompletionMessageParam[] = [];
  let text: string | undefined;
  for (const turn of turns) {
    if (turn.type === 'message') {
      if (text !== undefined) result.push({ role: 'assistant', content: text });
      text = plainText(turn.message);
    } else {
      result.push({ role: 'assistant', ...(text !== undefined && { content: text }), tool_calls: turn.calls.map(toolCall) });
      result.push(...turn.calls.map((call) => ({ role: 'tool' as const, tool_call_id: call.id, content: call.output ?? '' })));
      text = undefined;
    }
  }
  if (text !== undefined) result.push({ role: 'assistant', content: text });
  return result;
}

const toolCall = ({ id, name, arguments: args }: FunctionCall) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: args },
});
