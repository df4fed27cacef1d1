/** What a scripted model answers: each step is a list of moves that an exchange makes one after the other. */
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { Embedded } from './scripted-vectors.ts';

/** The body of a request, as the official client types it. */
export type ChatRequest = ChatCompletionCreateParamsStreaming;
export type Delta = ChatCompletionChunk.Choice.Delta;
export type FinishReason = NonNullable<ChatCompletionChunk.Choice['finish_reason']>;

export interface RecordedRequest {
  headers: NodeJS.Dict<string | string[]>;
  body: ChatRequest;
}

export interface StepUsage {
  prompt: number;
  completion: number;
  cached?: number;
  reasoning?: number;
}

/** Told at the end of every answer that names no usage of its own. */
export const DEFAULT_USAGE: StepUsage = { prompt: 10, completion: 5 };

export interface CallSpec {
  name: string;
  /** A string goes out as it is, so that malformed JSON can be scripted. */
  arguments: string | Record<string, unknown>;
  id?: string;
}

/** Text, or function calls. */
export type Said = string | CallSpec[] | { text: string; calls: CallSpec[] };

export interface SayOptions {
  usage?: StepUsage;
  /** How the text is cut into chunks; word by word without it. */
  pieces?: string[];
}

export interface HttpErrorOptions {
  code?: string;
  message?: string;
  type?: string;
  retryAfterMs?: number;
}

export type Move =
  | { kind: 'role'; content: '' | null }
  | { kind: 'delta'; delta: Delta }
  | { kind: 'raw'; frames: readonly Buffer[]; delayMs: number }
  | { kind: 'wait' }
  | { kind: 'hang' }
  | { kind: 'cut'; clean: boolean }
  | { kind: 'failure'; code: string; message: string }
  | { kind: 'http'; status: number; error: HttpErrorOptions }
  | { kind: 'vectors'; change: (data: Embedded[]) => object[] }
  | { kind: 'finish'; reason: FinishReason };

type Check = (body: ChatRequest) => void;

/** One scripted answer. Made by the builders below. */
export class Step {
  readonly label: string;
  readonly moves: Move[];
  readonly checks: Check[] = [];
  usage: StepUsage | null;
  readonly #reached = Promise.withResolvers<RecordedRequest>();
  readonly #aborted = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  constructor(label: string, moves: Move[], usage: StepUsage = DEFAULT_USAGE) {
    this.label = label;
    this.moves = moves;
    this.usage = usage;
  }

  /** Resolves with the request once it has come. */
  get reached(): Promise<RecordedRequest> {
    return this.#reached.promise;
  }

  /** Resolves once the client has closed the connection before the answer was complete. */
  get aborted(): Promise<void> {
    return this.#aborted.promise;
  }

  get released(): Promise<void> {
    return this.#released.promise;
  }

  /** Lets a held or gated answer go on; may be called before the request comes. */
  release(): void {
    this.#released.resolve();
  }

  /** Holds the answer back before its first token, or before a status if it has none, until `release()`. */
  gated(): this {
    this.moves.splice(this.moves[0]?.kind === 'role' ? 1 : 0, 0, { kind: 'wait' });
    return this;
  }

  /** Ends like a provider that never tells its usage. */
  withoutUsage(): this {
    this.usage = null;
    return this;
  }

  /** Asserts on the request that takes this step; what `check` throws comes out of `verify()`. */
  forRequest(check: Check): this {
    this.checks.push(check);
    return this;
  }

  markReached(request: RecordedRequest): void {
    this.#reached.resolve(request);
  }

  markAborted(): void {
    this.#aborted.resolve();
  }
}

const ARGUMENT_PIECE_LENGTH = 8;

/** Word by word, white space kept in front of its word. */
const piecesOf = (text: string): string[] => text.match(/\s*\S+|\s+$/g) ?? [];

function textMoves(text: string, pieces = piecesOf(text)): Move[] {
  if (pieces.join('') !== text) throw new Error(`the pieces ${JSON.stringify(pieces)} do not add up to ${JSON.stringify(text)}`);
  return pieces.map((content) => ({ kind: 'delta', delta: { content } }));
}

/** Index, id and name come once, then the arguments in pieces. */
function callMoves(calls: CallSpec[]): Move[] {
  return calls.flatMap(({ name, arguments: given, id }, index) => {
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    const pieces = Array.from({ length: Math.ceil(text.length / ARGUMENT_PIECE_LENGTH) }, (_, n) => text.slice(n * ARGUMENT_PIECE_LENGTH, (n + 1) * ARGUMENT_PIECE_LENGTH));
    // An id left out is given by the exchange, because a step may be played more than once.
    const head: Delta = { tool_calls: [{ index, ...(id !== undefined && { id }), type: 'function', function: { name, arguments: '' } }] };
    return [head, ...pieces.map((piece): Delta => ({ tool_calls: [{ index, function: { arguments: piece } }] }))].map((delta): Move => ({ kind: 'delta', delta }));
  });
}

function sayMoves(said: Said, pieces?: string[]): Move[] {
  if (typeof said === 'string') return [{ kind: 'role', content: '' }, ...textMoves(said, pieces)];
  if (Array.isArray(said)) return [{ kind: 'role', content: null }, ...callMoves(said)];
  return [...sayMoves(said.text, pieces), ...callMoves(said.calls)];
}

const finish = (reason: FinishReason): Move => ({ kind: 'finish', reason });

/** A plain answer. */
export const text = (value: string, { usage, pieces }: SayOptions = {}): Step =>
  new Step(`text(${JSON.stringify(value)})`, [...sayMoves(value, pieces), finish('stop')], usage);

/** Function calls, after some text if given. */
export function calls(list: CallSpec[], { text: before, usage, pieces }: SayOptions & { text?: string } = {}): Step {
  const said = before === undefined ? sayMoves(list) : sayMoves({ text: before, calls: list }, pieces);
  return new Step(`calls(${list.map(({ name }) => name).join(', ')})`, [...said, finish('tool_calls')], usage);
}

/** The model declines. */
export const refusal = (value: string, { usage, pieces = piecesOf(value) }: SayOptions = {}): Step =>
  new Step(`refusal(${JSON.stringify(value)})`, [{ kind: 'role', content: '' }, ...pieces.map((piece): Move => ({ kind: 'delta', delta: { refusal: piece } })), finish('stop')], usage);

/** Ends at the token limit, within its text or within the arguments of its last call. */
export const length = (said: Said, { usage, pieces }: SayOptions = {}): Step =>
  new Step(`length(${JSON.stringify(said)})`, [...sayMoves(said, pieces), finish('length')], usage);

/** Ends because the provider filtered the rest. */
export const contentFilter = (partial: string, { usage, pieces }: SayOptions = {}): Step =>
  new Step(`contentFilter(${JSON.stringify(partial)})`, [...sayMoves(partial, pieces), finish('content_filter')], usage);

/** Nothing at all before finish_reason `stop`. */
export const silent = ({ usage }: Pick<SayOptions, 'usage'> = {}): Step => new Step('silent()', [finish('stop')], usage);

/** To a request for embeddings: the usual vectors, or what `change` makes of the answer's data. `gated()` holds them back. */
export const vectors = (change: (data: Embedded[]) => object[] = (data) => data): Step => new Step('vectors()', [{ kind: 'vectors', change }]);

/** No stream but an error answer. */
export const httpError = (status: number, error: HttpErrorOptions = {}): Step => new Step(`httpError(${status})`, [{ kind: 'http', status, error }]);

/** Closes the connection without a word. */
export const drop = (): Step => new Step('drop()', [{ kind: 'cut', clean: false }]);

/** Breaks the connection off after what was said; `clean` ends the body as if it were whole, as some proxies do. */
export const cut = (after: Said, { clean = false }: { clean?: boolean } = {}): Step =>
  new Step(`cut(${JSON.stringify(after)})`, [...sayMoves(after), { kind: 'cut', clean }]);

/** An error told inside the stream, after what was said. */
export const streamError = (after: Said, { code = 'server_error', message = 'The server had an error while processing your request.' }: { code?: string; message?: string } = {}): Step =>
  new Step(`streamError(${JSON.stringify(after)})`, [...sayMoves(after), { kind: 'failure', code, message }]);

/** Says what it has, then nothing more until the client goes away. Without an argument not even headers are sent. */
export const hang = (after?: Said): Step => new Step(`hang(${JSON.stringify(after) ?? ''})`, [...(after === undefined ? [] : sayMoves(after)), { kind: 'hang' }]);

/** Sends the first piece, and the rest only after `release()`. */
export function hold(value: string, { usage, pieces }: SayOptions = {}): Step {
  const [role, first, ...rest] = sayMoves(value, pieces);
  const begun = [role, first].filter((move) => move !== undefined);
  return new Step(`hold(${JSON.stringify(value)})`, [...begun, { kind: 'wait' }, ...rest, finish('stop')], usage);
}

/** `count` tokens as fast as the socket takes them, or `delayMs` apart: for load. Serialised once, for all requests. */
export function tokens(count: number, { delayMs = 0 }: { delayMs?: number } = {}): Step {
  const frame = (content: string): Buffer => {
    const choices = [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }];
    return Buffer.from(`data: ${JSON.stringify({ id: 'chatcmpl-load', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices, usage: null })}\n\n`);
  };
  const frames = Array.from({ length: count }, (_, n) => frame(`${n === 0 ? '' : ' '}token`));
  return new Step(`tokens(${count})`, [{ kind: 'role', content: '' }, { kind: 'raw', frames, delayMs }, finish('stop')], { prompt: 10, completion: count });
}
