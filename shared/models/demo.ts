/** Answers when no model is configured, so that the server is useful at once. Says what it is in every text. */
import type { ChatCompletionChunk, ChatCompletionFunctionTool, ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { Model, ModelChunk, ModelRequest } from '../ports/model.ts';

export const DEMO_MODEL_ID = 'threadkeep-demo';

const HOW_TO_BRING_A_REAL_ONE =
  'I am the demo model built into Threadkeep: I answer by rule, not by thinking. To bring a real model, set MODEL_BASE_URL and MODEL_API_KEY and start the server again.';

export const demoModel: Model = {
  async *stream(request, signal) {
    const calls = wantedCalls(request);
    const text = calls.length > 0 ? '' : answer(request);
    for (const chunk of calls.length > 0 ? callChunks(calls, textOf(request.messages.at(-1))) : textChunks(text)) {
      signal.throwIfAborted();
      // Gives the event loop a turn between pieces, as a network would.
      await new Promise((resolve) => setImmediate(resolve));
      yield chunk;
    }
    yield { choices: [], usage: usage(request, text + JSON.stringify(calls)) };
  },
  list: () => Promise.resolve([{ id: DEMO_MODEL_ID, created: 0, ownedBy: 'threadkeep' }]),
};

const words = (text: string): string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

const textOf = (message: ChatCompletionMessageParam | undefined): string => {
  const content = message?.content;
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => ('text' in part ? part.text : '')).join(' ');
};

/** What the engine offers a run that may search files (shared/engine/offer-tools.ts). It is asked before every answer, with the user's own words. */
const isSearch = ({ function: { name } }: ChatCompletionFunctionTool): boolean => /^file_search(_\d+)?$/.test(name);

/** What the engine offers a run that may execute code. It is called with the code that the user has written into a fence. */
const isCode = ({ function: { name } }: Pick<ChatCompletionFunctionTool, 'function'>): boolean => /^code_interpreter(_\d+)?$/.test(name);
const FENCE = /```(?:python3?|py)?[ \t]*\r?\n([\s\S]*?)```/i;
const CODE_OF_ITS_OWN = 'print("demo")';
const codeIn = (text: string): string | undefined => FENCE.exec(text)?.[1]?.trimEnd();

/** A passage that a search has found: its marker, and its text up to the next one. */
const PASSAGE = /(【\d+:\d+†[^】]+】)\n([^【]+)/;
const LONGEST_PASSAGE = 300;

/** The functions whose names the newest user message speaks of, or that the request forces; none once outputs are there. */
function wantedCalls({ messages, tools, tool_choice: choice, parallel_tool_calls: parallel }: ModelRequest): ChatCompletionFunctionTool[] {
  const last = messages.at(-1);
  if (last?.role !== 'user' || choice === 'none') return [];
  const functions = (tools ?? []).filter((tool): tool is ChatCompletionFunctionTool => tool.type === 'function');
  if (typeof choice === 'object' && choice.type === 'function') return functions.filter((tool) => tool.function.name === choice.function.name);
  const asked = textOf(last);
  const said = new Set(words(asked));
  const fits = (tool: ChatCompletionFunctionTool): boolean => isSearch(tool) || nameWords(tool.function.name).some((word) => said.has(word));
  const fitting = functions.filter((tool) => (isCode(tool) ? codeIn(asked) !== undefined : fits(tool)));
  const wanted = fitting.length === 0 && choice === 'required' ? functions.slice(0, 1) : fitting;
  return parallel === false ? wanted.slice(0, 1) : wanted;
}

/** get_weather, getWeather → weather: the words of a name, without those that every second function has. */
const nameWords = (name: string): string[] =>
  words(name.replace(/([a-z])([A-Z])/g, '$1 $2')).filter((word) => word.length > 2 && !['get', 'set', 'the', 'for', 'find', 'fetch'].includes(word));

function answer({ messages, response_format: format }: ModelRequest): string {
  const round = messages.slice(messages.findLastIndex((message) => message.role === 'user') + 1);
  const calls = round.flatMap((message) => (message.role === 'assistant' ? (message.tool_calls ?? []) : []));
  const ofCode = new Set(calls.filter((call) => call.type === 'function' && isCode(call)).map(({ id }) => id));
  const outputs = round.filter((message) => message.role === 'tool').map((message) => ({ text: textOf(message), isOfCode: ofCode.has(message.tool_call_id) }));
  const asked = textOf(messages.findLast((message) => message.role === 'user'));
  const text = `${reactionTo(asked, outputs)} ${HOW_TO_BRING_A_REAL_ONE}`;
  return format?.type === 'json_object' || format?.type === 'json_schema' ? JSON.stringify({ answer: text }) : text;
}

function reactionTo(asked: string, outputs: { text: string; isOfCode: boolean }[]): string {
  const others = outputs.filter(({ isOfCode }) => !isOfCode).map(({ text }) => text);
  const parts = outputs.filter(({ isOfCode }) => isOfCode).map(({ text }) => reactionToCode(text));
  const [, marker, passage] = PASSAGE.exec(others.join('\n')) ?? [];
  if (marker !== undefined) parts.push(`Your files say: "${(passage ?? '').trim().replace(/\s+/g, ' ').slice(0, LONGEST_PASSAGE)}" ${marker}.`);
  else if (others.length > 0) parts.push(`Your functions answered: ${others.join('; ')}.`);
  return parts.length > 0 ? parts.join(' ') : `You said: "${asked.slice(0, 500)}".`;
}

/** The line by which the model is told of files (shared/engine/show-results.ts), and each file in it. */
const FILES_WRITTEN = /^Files written: .*$/m;
const WRITTEN_FILE = /\/mnt\/data\/(.+?) \(\d+ bytes?\)/g;

function reactionToCode(output: string): string {
  const [line = ''] = FILES_WRITTEN.exec(output) ?? [];
  const links = [...line.matchAll(WRITTEN_FILE)].map(([, path = '']) => `[${path}](sandbox:/mnt/data/${path})`);
  const said = `Your code says: "${output.replace(FILES_WRITTEN, '').trim().slice(0, LONGEST_PASSAGE).toWellFormed()}".`;
  return links.length > 0 ? `${said} It wrote ${links.join(', ')}.` : said;
}

type Choice = ChatCompletionChunk.Choice;
const chunk = (delta: Choice['delta'], finish: Choice['finish_reason'] = null): ModelChunk => ({ choices: [{ index: 0, delta, finish_reason: finish }] });

function* textChunks(text: string): Generator<ModelChunk> {
  for (const piece of text.match(/\s*\S+/g) ?? [text]) yield chunk({ content: piece });
  yield chunk({}, 'stop');
}

function* callChunks(calls: ChatCompletionFunctionTool[], asked: string): Generator<ModelChunk> {
  for (const [index, tool] of calls.entries()) {
    const { function: definition } = tool;
    const given = isSearch(tool) ? { queries: [asked] } : isCode(tool) ? { code: codeIn(asked) ?? CODE_OF_ITS_OWN } : sampleArguments(definition.parameters);
    yield chunk({ tool_calls: [{ index, type: 'function', function: { name: definition.name, arguments: '' } }] });
    yield chunk({ tool_calls: [{ index, function: { arguments: JSON.stringify(given) } }] });
  }
  yield chunk({}, 'tool_calls');
}

/** One value of the right type for each required parameter. */
function sampleArguments(parameters: Record<string, unknown> | undefined): Record<string, unknown> {
  const { properties = {}, required = [] } = (parameters ?? {}) as { properties?: Record<string, { type?: string; enum?: unknown[] }>; required?: string[] };
  const samples: Record<string, unknown> = { number: 1, integer: 1, boolean: true, array: [], object: {}, null: null };
  return Object.fromEntries(
    required.map((name) => {
      const { type = 'string', enum: allowed } = properties[name] ?? {};
      return [name, allowed?.[0] ?? (type in samples ? samples[type] : `demo ${name}`)];
    }),
  );
}

/** Four characters to a token: near enough for a model that costs nothing. */
function usage(request: ModelRequest, said: string): NonNullable<ModelChunk['usage']> {
  const prompt_tokens = Math.ceil(JSON.stringify(request.messages).length / 4);
  const completion_tokens = Math.ceil(said.length / 4);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
