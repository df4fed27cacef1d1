/** What a real provider refuses although the JSON is well-formed: a model that swallows it would hide bugs. */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { ChatRequest } from './scripted-model-steps.ts';

/** Why the real API would answer 400 to `body`, or undefined if it would not. */
export function refusalOf(body: ChatRequest): string | undefined {
  if (body.stream !== true) return 'a call without stream: true (the engine streams every call)';
  if (!Array.isArray(body.messages) || body.messages.length === 0) return "'messages' is empty";
  return unansweredCalls(body.messages) ?? emptyAssistant(body.messages) ?? toolProblem(body) ?? formatProblem(body);
}

/** Each tool message answers a call of the assistant message before it, and no call stays open. */
function unansweredCalls(messages: ChatCompletionMessageParam[]): string | undefined {
  let open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id)) return `messages[${index}]: role 'tool' must follow a message with the tool_call_id '${message.tool_call_id}' in 'tool_calls'`;
      continue;
    }
    if (open.size > 0) return `messages[${index}]: these tool_call_ids have no tool message: ${[...open].join(', ')}`;
    if (message.role === 'assistant') open = new Set(message.tool_calls?.map(({ id }) => id));
  }
  return open.size > 0 ? `these tool_call_ids have no tool message: ${[...open].join(', ')}` : undefined;
}

function emptyAssistant(messages: ChatCompletionMessageParam[]): string | undefined {
  const index = messages.findIndex((message) => message.role === 'assistant' && message.content == null && message.refusal == null && message.tool_calls === undefined);
  return index < 0 ? undefined : `messages[${index}]: an assistant message needs content, a refusal or tool_calls`;
}

function toolProblem({ tools, tool_choice: choice, parallel_tool_calls: parallel }: ChatRequest): string | undefined {
  if (tools === undefined) {
    if (choice !== undefined) return "'tool_choice' is only allowed when 'tools' are given";
    return parallel === undefined ? undefined : "'parallel_tool_calls' is only allowed when 'tools' are given";
  }
  if (tools.length === 0 || tools.length > 128) return `'tools' has ${tools.length} entries (1 to 128 are allowed)`;
  const names = tools.map((tool) => (tool.type === 'function' ? tool.function.name : ''));
  const bad = names.find((name) => !/^[a-zA-Z0-9_-]{1,64}$/.test(name));
  if (bad !== undefined) return `'tools' has a function named '${bad}'`;
  const forced = typeof choice === 'object' && choice.type === 'function' ? choice.function.name : undefined;
  return forced !== undefined && !names.includes(forced) ? `'tool_choice' names '${forced}', which is not in 'tools'` : undefined;
}

function formatProblem({ response_format: format, messages }: ChatRequest): string | undefined {
  if (format?.type !== 'json_object') return undefined;
  return /json/i.test(JSON.stringify(messages.map(({ content }) => content))) ? undefined : "response_format 'json_object' needs the word 'json' in the messages";
}
