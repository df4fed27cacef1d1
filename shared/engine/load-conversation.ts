import type { Message } from '../domain/message.ts';
import type { Run } from '../domain/run.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import type { Conversation, RunTurn } from './build-model-request.ts';
import { fixedTokens, messageTokens, mostMessageTokens, promptBudget, windowBudget } from './token-budget.ts';

const PAGE = 100;

/** `fits: false`: not even the newest message fits what the run may still spend on prompts. */
export type Loaded = { fits: true; conversation: Conversation } | { fits: false };

/**
 * What the model is shown: as many of the thread's newest messages as its truncation strategy and the token budgets
 * allow, and all that the run itself has done. Cost depends on the budget, never on the length of the thread.
 * `windowShare` below 1 makes a smaller prompt, for a model that found the last one too long.
 */
export async function loadConversation(world: World, run: Run, windowShare = 1): Promise<Loaded> {
  const { turns, lastStepId } = await loadTurns(world, run);
  const window = windowBudget(run, world.config.contextWindow(run.model)) * windowShare;
  const limit = Math.min(window, promptBudget(run));
  const budget = limit - (await fixedTokens(run, turns, limit));
  const { history, isOver } = await newestThatFit(world, run, budget);
  // What overflows the model's window alone is sent all the same: the provider counts better than we do.
  return isOver && promptBudget(run) < window ? { fits: false } : { fits: true, conversation: { history, turns, lastStepId } };
}

/** Walks back from the newest message, which is always taken; `isOver` when even that alone is too much. */
async function newestThatFit(world: World, run: Run, budget: number): Promise<{ history: Message[]; isOver: boolean }> {
  const most = run.truncationStrategy.type === 'last_messages' ? (run.truncationStrategy.last_messages ?? Infinity) : Infinity;
  const taken: Message[] = [];
  // Bounds from above first; only when they no longer fit is anything counted.
  let spent = 0;
  let exact = false;
  let before: string | undefined;
  const ended = () => ({ history: taken.reverse(), isOver: spent > budget });
  for (;;) {
    const page = await world.store.page('message', [run.projectId, run.threadId], { order: 'desc', limit: Math.min(PAGE, most), after: before });
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
    if (!page.hasMore) return ended();
    before = page.items.at(-1)?.id;
    // A window of thousands of short messages takes a tenth of a second: other runs get their turn between pages.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The run's steps so far, oldest first. A run has few of them, and a new run none. */
async function loadTurns(world: World, run: Run): Promise<Pick<Conversation, 'turns' | 'lastStepId'>> {
  const turns: RunTurn[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await world.store.page('step', [run.projectId, run.threadId, run.id], { order: 'asc', limit: PAGE, after });
    for (const { details } of page.items) {
      if (details.type === 'tool_calls') turns.push({ type: 'calls', calls: details.toolCalls });
      else {
        const message = await world.store.get(keys.message(run.projectId, run.threadId, details.messageId));
        if (message) turns.push({ type: 'message', message });
      }
    }
    after = page.items.at(-1)?.id ?? after;
    if (!page.hasMore) return { turns, lastStepId: after };
  }
}
