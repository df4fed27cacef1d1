import { type ReadAhead, mostMessages, readMessages, readPrompt } from '../actions/read-ahead.ts';
import type { Message } from '../domain/message.ts';
import { type RunStep, searchesOf } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import type { Conversation, RunTurn } from './build-model-request.ts';
import { codeContext } from './code-context.ts';
import { loadImages } from './load-images.ts';
import { codeName, searchName } from './offer-tools.ts';
import { shownCalls } from './show-results.ts';
import { fixedTokens, messageTokens, mostMessageTokens, promptBudget, windowBudget } from './token-budget.ts';

/** `fits: false`: not even the newest message fits what the run may still spend on prompts. */
export type Loaded = { fits: true; conversation: Conversation } | { fits: false };

/**
 * What the model is shown: as many of the thread's newest messages as its truncation strategy and the token budgets
 * allow, and all that the run itself has done. Cost depends on the budget, never on the length of the thread.
 * `windowShare` below 1 makes a smaller prompt, for a model that found the last one too long. `ahead` is what has been read already.
 */
export async function loadConversation(world: World, run: Run, windowShare = 1, ahead?: ReadAhead): Promise<Loaded> {
  const { steps, messages } = ahead ?? (await readPrompt(world, run));
  const code = await codeContext(world, run, steps);
  const whole = windowBudget(run, world.config.contextWindow(run.model));
  const window = whole * windowShare;
  const limit = Math.min(window, promptBudget(run));
  const turns = await turnsOf(world, run, { steps, newest: messages.items, shown: { limit: Math.min(whole, promptBudget(run)), share: windowShare } });
  const budget = limit - (await fixedTokens(run, turns, limit, code?.inputFiles));
  const { history, isOver } = await newestThatFit(world, run, messages, budget);
  // What overflows the model's window alone is sent all the same: the provider counts better than we do.
  if (isOver && promptBudget(run) < window) return { fits: false };
  return { fits: true, conversation: { history, turns, images: await loadImages(world, run, history), searches: steps.flatMap(searchesOf), code, lastStepId: steps.at(-1)?.id } };
}

/** Walks back from the newest message, which is always taken; `isOver` when even that alone is too much. */
async function newestThatFit(world: World, run: Run, newest: ReadAhead['messages'], budget: number): Promise<{ history: Message[]; isOver: boolean }> {
  const most = mostMessages(run);
  const taken: Message[] = [];
  // Bounds from above first; only when they no longer fit is anything counted.
  let spent = 0;
  let exact = false;
  const ended = () => ({ history: taken.reverse(), isOver: spent > budget });
  for (let page = newest; ; ) {
    for (const message of page.items) {
      // The run's own messages are among its turns.
      if (message.runId === run.id) continue;
      if (taken.length >= most) return ended();
      let cost = exact ? await messageTokens(message) : mostMessageTokens(message);
      if (!exact && spent + cost > budget) {
        exact = true;
        spent = 0;
        for (const earlier of taken) spent += await messageTokens(earlier);
        cost = await messageTokens(message);
      }
      if (spent + cost > budget && taken.length > 0) return ended();
      spent += cost;
      taken.push(message);
    }
    if (!page.hasMore || taken.length >= most) return ended();
    // A window of thousands of short messages takes a tenth of a second: other runs get their turn between pages.
    await new Promise((resolve) => setImmediate(resolve));
    page = await readMessages(world, run, most - taken.length, page.items.at(-1)?.id);
  }
}

/** What the run has done, step by step. Its messages are mostly among the thread's newest; one that was deleted meanwhile is left out. */
async function turnsOf({ store }: World, run: Run, { steps, newest, shown }: { steps: RunStep[]; newest: Message[]; shown: { limit: number; share: number } }): Promise<RunTurn[]> {
  const calls = await shownCalls(steps, { search: searchName(run.tools) ?? 'file_search', code: codeName(run.tools) ?? 'code_interpreter' }, shown);
  const turns = await Promise.all(
    steps.map(async ({ id: stepId, details }): Promise<RunTurn[]> => {
      if (details.type === 'tool_calls') return [{ type: 'calls', calls: calls.get(stepId) ?? [] }];
      const { messageId } = details;
      const message = newest.find(({ id }) => id === messageId) ?? (await store.get(keys.message(run.projectId, run.threadId, messageId)));
      return message ? [{ type: 'message', message }] : [];
    }),
  );
  return turns.flat();
}
