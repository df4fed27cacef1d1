/** One call of the model: what it is asked, and how what it says is taken. */
import type { ReadAhead } from '../actions/read-ahead.ts';
import type { Emit } from '../domain/run-event.ts';
import type { StepOf } from '../domain/run-step.ts';
import { ModelError, type ModelRequest } from '../ports/model.ts';
import type { World } from '../ports/world.ts';
import { type Conversation, buildModelRequest } from './build-model-request.ts';
import { callModel } from './call-model.ts';
import { saveText } from './checkpoint.ts';
import type { Hold } from './hold.ts';
import { loadConversation } from './load-conversation.ts';
import { completionBudget } from './token-budget.ts';
import { Turn } from './turn.ts';

/** How often a prompt that the model found too long is cut to this share and tried again. */
const MOST_CUTS = 3;
const CUT_TO = 0.7;

/** What is open when something goes wrong: the turn under way and what it was asked. */
export interface Open {
  turn?: Turn | undefined;
  request?: ModelRequest | undefined;
  /** What was read for the first call, as long as that is the one under way. */
  ahead?: Promise<ReadAhead | undefined> | undefined;
  /** The stored step whose calls endpoints of the project are answering. No turn is open then. */
  step?: StepOf<'in_progress'> | undefined;
}

/** What came of it. */
export interface Asked {
  turn: Turn;
  conversation: Conversation;
}

/** One call, made shorter and tried again when the model finds its prompt too long. Undefined when no prompt fits the run's budget. */
export async function askModel(world: World, hold: Hold, emit: Emit, open: Open): Promise<Asked | undefined> {
  for (let cuts = 0, share = 1; ; cuts++, share *= CUT_TO) {
    const loaded = await loadConversation(world, hold.run, share, await open.ahead);
    if (!loaded.fits) return undefined;
    const { conversation } = loaded;
    const turn = newTurn(world, hold, emit, open, conversation);
    open.turn = turn;
    open.request = buildModelRequest(hold.run, conversation, completionBudget(hold.run));
    hold.check();
    try {
      await callModel(world, open.request, turn, { signal: hold.signal, untilMs: hold.run.expiresAtMs, runId: hold.run.id });
      return { turn, conversation };
    } catch (error) {
      const canBeShorter = (conversation.history.length > 1 || conversation.searches.some(({ results = [] }) => results.length > 0) || (conversation.code?.calls ?? 0) > 0) && cuts < MOST_CUTS;
      if (!(error instanceof ModelError && error.kind === 'context_overflow' && canBeShorter)) throw error;
    }
  }
}

const newTurn = (world: World, hold: Hold, emit: Emit, open: Open, { history, turns, searches, code, lastStepId }: Conversation): Turn =>
  new Turn({
    run: hold.run,
    lastMessageId: [...history, ...turns.flatMap((turn) => (turn.type === 'message' ? [turn.message] : []))].at(-1)?.id,
    lastStepId,
    searches,
    code,
    nowMs: () => world.clock.nowMs(),
    emit,
    onTextDone: async (turn) => {
      await saveText(world, hold, emit, turn);
      // What was read before does not know of it.
      open.ahead = undefined;
    },
  });
