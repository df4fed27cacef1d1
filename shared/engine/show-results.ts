/** What the model sees of its searches and its code: made of what is stored, the same each time, within a budget of tokens. */
import type { CodeCall, FileSearchCall, FunctionCall, RunStep } from '../domain/run-step.ts';
import { isFunctionCall, searchesOf } from '../domain/run-step.ts';
import { countTokens } from '../tools/tokens.ts';
import { markerOf } from './citations.ts';
import { showCode, withoutMarkers } from './show-code.ts';

/** For what one step has found or executed; of a small window its share (contract §5). */
const MOST_TOKENS = 16_000;
const SHARE_OF_ONE = 0.25;
/** For all of a run together, the newest first. */
const SHARE_OF_ALL = 0.5;
/** A passage that does not fit is cut, but not to less than this. */
const FEWEST_TOKENS = 50;
/** For the lines around the passages. */
const OVERHEAD = 120;

const HOW_TO_CITE = 'Cite what you use: copy the marker of its passage, with its brackets, to right behind the statement. Never make up or change a marker.';

/**
 * The calls of each step as functions with outputs, for the model that called them. `limit`: tokens of the whole prompt. `share`, below 1 for a model that found
 * the last one too long: so much is shown of what would be otherwise.
 */
export async function shownCalls(steps: readonly RunStep[], names: { search: string; code: string }, { limit, share = 1 }: { limit: number; share?: number }): Promise<Map<string, FunctionCall[]>> {
  let left = limit * SHARE_OF_ALL * share;
  const isCiting = steps.some((step) => searchesOf(step).length > 0);
  const shown = new Map<string, FunctionCall[]>();
  for (const step of steps.toReversed()) {
    if (step.details.type !== 'tool_calls') continue;
    const { toolCalls } = step.details;
    let forStep = Math.min(Math.min(MOST_TOKENS, limit * SHARE_OF_ONE) * share, left);
    let waiting = toolCalls.filter((call) => !isFunctionCall(call)).length;
    const calls: FunctionCall[] = [];
    for (const call of toolCalls) {
      if (isFunctionCall(call)) {
        calls.push(call);
        continue;
      }
      const { tokens, ...seen } = await show(call, forStep / waiting--, isCiting);
      forStep -= tokens;
      left -= tokens;
      calls.push({ id: call.id, type: 'function', name: call.type === 'code_interpreter' ? names.code : names.search, ...seen });
    }
    shown.set(step.id, calls);
    // Counting long logs takes a while: other runs get their turn between steps.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return shown;
}

async function show(call: FileSearchCall | CodeCall, budget: number, isCiting: boolean): Promise<{ arguments: string; output: string; tokens: number }> {
  return call.type === 'code_interpreter' ? showCode(call, budget, isCiting) : { arguments: call.arguments, ...(await render(call, budget)) };
}

/** A file must not bring markers of its own, nor what passes for another file's passage. */
const asShown = (text: string): string => withoutMarkers(text.toWellFormed());

async function render({ results = [], ordinal = 0, note }: FileSearchCall, budget: number): Promise<{ output: string; tokens: number }> {
  const parts = note === undefined ? [] : [note];
  if (results.length === 0) return { output: [...parts, 'Nothing was found.'].join('\n\n'), tokens: 0 };
  let tokens = OVERHEAD;
  const passages: string[] = [];
  for (const [index, { filename, text }] of results.entries()) {
    const whole = `${markerOf(ordinal, index, filename)}\n${asShown(text)}`;
    const needed = (await countTokens(whole)) + 2;
    if (tokens + needed <= budget) {
      passages.push(whole);
      tokens += needed;
      continue;
    }
    const left = budget - tokens;
    if (left >= FEWEST_TOKENS) {
      const part = [...whole];
      passages.push(`${part.slice(0, Math.floor((part.length * left * 0.9) / needed)).join('')} …`);
      tokens = budget;
    }
    break;
  }
  if (passages.length === 0) return { output: [...parts, 'The results are no longer at hand. Search again if you need them.'].join('\n\n'), tokens: 0 };
  return { output: [...parts, HOW_TO_CITE, ...passages].join('\n\n'), tokens };
}
