import type { Message } from '../domain/message.ts';
import type { Run } from '../domain/run.ts';
import type { RunTurn } from './build-model-request.ts';
import { historyText, plainText } from './build-model-request.ts';
import type { InputFile } from './input-files.ts';
import { offeredFunctions } from './offer-tools.ts';
import { TOKENS_PER_IMAGE, TOKENS_PER_MESSAGE, countTokens, mostTokens } from '../tools/tokens.ts';

/** Kept free for the answer when the run does not say how long it may be. */
const ANSWER_RESERVE = 4096;

/** What is left of the run's own limit on completion tokens; undefined when it has none. */
export const completionBudget = (run: Run): number | undefined =>
  run.maxCompletionTokens === undefined ? undefined : run.maxCompletionTokens - run.usage.completionTokens;

/** What is left of the run's own limit on prompt tokens. */
export const promptBudget = (run: Run): number =>
  run.maxPromptTokens === undefined ? Infinity : run.maxPromptTokens - run.usage.promptTokens;

/** How much of the model's window a prompt may take. */
export function windowBudget(run: Run, contextWindow: number): number {
  const reserve = Math.min(completionBudget(run) ?? ANSWER_RESERVE, Math.floor(contextWindow / 4));
  return contextWindow - reserve;
}

/** Tokens of what every call of the run carries beside the thread's history: instructions, functions, the run's own turns. */
export async function fixedTokens(run: Run, turns: RunTurn[], budget: number, inputFiles?: readonly InputFile[]): Promise<number> {
  const texts = [
    run.instructions ?? '',
    ...offeredFunctions(run.tools, inputFiles).map((definition) => JSON.stringify(definition)),
    ...turns.flatMap((turn) =>
      turn.type === 'message' ? [plainText(turn.message)] : turn.calls.flatMap((call) => [call.name, call.arguments, call.output ?? '']),
    ),
  ];
  return (await measure(texts.join('\n'), budget)) + (turns.length + 2) * TOKENS_PER_MESSAGE;
}

/** Exact when that matters, and a bound from above when even that is far below `budget`. */
const measure = (text: string, budget: number): Promise<number> => {
  const most = mostTokens(text);
  return most * 4 < budget ? Promise.resolve(most) : countTokens(text);
};

const messageText = historyText;

/** The model is shown users' images alone. */
const overhead = ({ role, content }: Message): number =>
  TOKENS_PER_MESSAGE + (role === 'user' ? content.filter(({ type }) => type === 'image_url' || type === 'image_file').length * TOKENS_PER_IMAGE : 0);

export const mostMessageTokens = (message: Message): number => mostTokens(messageText(message)) + overhead(message);

/** Messages do not change their text, so each is counted once; bounded, newest kept. */
const counted = new Map<string, number>();
const MOST_COUNTED = 50_000;

export async function messageTokens(message: Message): Promise<number> {
  const known = counted.get(message.id);
  if (known !== undefined) return known;
  const tokens = (await countTokens(messageText(message))) + overhead(message);
  if (counted.size >= MOST_COUNTED) counted.delete(counted.keys().next().value as string);
  counted.set(message.id, tokens);
  return tokens;
}
