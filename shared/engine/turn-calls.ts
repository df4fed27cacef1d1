/** The calls in one answer of the model: what each is a call of, and which of them are told while they come. */
import type { ToolCallDelta } from '../domain/run-event.ts';
import type { FunctionCall, SearchRanking, ToolCall } from '../domain/run-step.ts';
import type { Tool } from '../domain/settings.ts';
import { type CallPiece, CallPieces } from './call-pieces.ts';
import { CodeInput } from './code-input.ts';
import { codeName, isCodeName, rankingOf, searchName } from './offer-tools.ts';
import { codeOpening, searchOpening } from './retell.ts';

/** The most calls that one `required_action` may hold (limits L8). */
const MOST_CALLS = 128;

/** Code as far as it came. */
interface Coming {
  input: CodeInput;
  text: string;
}

/**
 * Steps follow each other, and code has a step of its own (contract §8), which is over only when it was executed. So of a run with code_interpreter the first
 * call of code alone is told while it comes; the answer's other calls wait for their own steps. Of any other run all calls are one step.
 */
export class TurnCalls {
  readonly #tools: readonly Tool[];
  readonly #searchName: string | undefined;
  readonly #ranking: SearchRanking;
  readonly #hasCode: boolean;
  readonly #pieces: CallPieces;
  readonly #code = new Map<FunctionCall, Coming>();

  constructor(tools: readonly Tool[], { isParallel, newId }: { isParallel: boolean; newId: () => string }) {
    this.#tools = tools;
    this.#searchName = searchName(tools);
    this.#ranking = rankingOf(tools);
    this.#hasCode = codeName(tools) !== undefined;
    // Some providers ignore parallel_tool_calls: false.
    this.#pieces = new CallPieces(isParallel ? MOST_CALLS : 1, newId);
  }

  get isEmpty(): boolean {
    return this.#pieces.calls.length === 0;
  }

  /** Code in the order in which it began to come, as its steps follow each other; then the others. */
  get all(): ToolCall[] {
    const others = this.#pieces.calls.filter((call) => !this.#code.has(call));
    return [...this.#code.keys(), ...others].map((call) => this.#typed(call));
  }

  /** Those that are told while they come, as far as they did. */
  get live(): ToolCall[] {
    return this.#pieces.calls.filter((call) => this.#isLive(call)).map((call) => this.#typed(call));
  }

  /** All that the model has written, for counting. */
  get words(): string {
    return this.#pieces.calls.map(({ name, arguments: args }) => name + args).join('');
  }

  /** What is to be told of this piece at once; undefined when nothing new is known by it. */
  take(piece: CallPiece): ToolCallDelta[] | undefined {
    const taken = this.#pieces.take(piece);
    if (!taken) return undefined;
    const { position, call, opening, arguments: more } = taken;
    if (isCodeName(this.#tools, call.name)) return this.#takeCode(call, opening, more);
    if (!this.#isLive(call)) return [];
    const typed = this.#typed(call);
    if (typed.type === 'file_search') return opening ? [searchOpening(position, typed)] : [];
    const start: ToolCallDelta[] = opening ? [{ index: position, id: call.id, type: 'function', function: { name: call.name, arguments: '', output: null } }] : [];
    return more === '' ? start : [...start, argumentsDelta(position, more)];
  }

  /** No more comes. What is to be told at once; `isWhole`: the model has not been cut off. */
  end(isWhole: boolean): ToolCallDelta[] {
    return this.#pieces.calls.flatMap((call, position): ToolCallDelta[] => {
      const coming = this.#code.get(call);
      if (coming) return this.#addCode(call, coming, coming.input.end());
      if (call.arguments !== '' || !isWhole || call.name === this.#searchName) return [];
      // A function without parameters may be called with no arguments; clients parse them all the same.
      call.arguments = '{}';
      return this.#isLive(call) ? [argumentsDelta(position, '{}')] : [];
    });
  }

  #takeCode(call: FunctionCall, opening: boolean, more: string): ToolCallDelta[] {
    const coming = this.#code.get(call) ?? { input: new CodeInput(), text: '' };
    this.#code.set(call, coming);
    const start = opening && this.#isLive(call) ? [codeOpening(0, { id: call.id, type: 'code_interpreter', input: '' })] : [];
    return [...start, ...this.#addCode(call, coming, coming.input.take(more))];
  }

  #addCode(call: FunctionCall, coming: Coming, text: string): ToolCallDelta[] {
    coming.text += text;
    return text !== '' && this.#isLive(call) ? [{ index: 0, type: 'code_interpreter', code_interpreter: { input: text } }] : [];
  }

  #isLive(call: FunctionCall): boolean {
    return !this.#hasCode || call === this.#code.keys().next().value;
  }

  #typed(call: FunctionCall): ToolCall {
    const { id, name, arguments: args } = call;
    const code = this.#code.get(call);
    if (code) return { id, type: 'code_interpreter', input: code.text };
    return name === this.#searchName ? { id, type: 'file_search', arguments: args, rankingOptions: this.#ranking } : call;
  }
}

const argumentsDelta = (index: number, args: string): ToolCallDelta => ({ index, type: 'function', function: { arguments: args } });
