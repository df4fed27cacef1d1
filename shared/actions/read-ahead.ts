/**
 * What a run's next prompt is made of. Whoever takes a run reads it while the commit that takes it is under way, instead of after
 * it. What is found is right whenever that commit goes through, because it is bound to the revision of what keeps others
 * away: of the run, whose driver alone writes steps and messages while it is active, or, for a new run and for one that has waited for its thread, of the thread,
 * which moves with every message added. So this must begin after that record was read. A commit that fails is decided anew, and so is this.
 * (On AWS a change of more than 98 messages writes the first of them before the thread moves; a run that is made in that moment sees them
 * early, like every reader.)
 */
import type { Message } from '../domain/message.ts';
import type { RunStep } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { Page } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

export interface ReadAhead {
  /** All of the run's steps, oldest first. */
  steps: RunStep[];
  /** The thread's newest messages, newest first, those of the run among them. */
  messages: Page<Message>;
}

/** What the caller knows already. */
interface Known {
  steps?: RunStep[];
  /** Messages, oldest first, that the very commit adds which takes the run: nothing behind them is looked for. */
  added?: Message[];
}

type Reader = Pick<World, 'store'>;

const PAGE = 100;

/** How many of the thread's messages the run lets the model see at most, its own aside. */
export const mostMessages = ({ truncationStrategy: { type, last_messages } }: Run): number => (type === 'last_messages' ? (last_messages ?? Infinity) : Infinity);

/** Begins to read. Never rejects: undefined when it fails, and the run's driver reads for itself. */
export const readAhead = (reader: Reader, run: Run, known: Known): Promise<ReadAhead | undefined> => readPrompt(reader, run, known).catch(() => undefined);

export async function readPrompt(reader: Reader, run: Run, { steps: knownSteps, added = [] }: Known = {}): Promise<ReadAhead> {
  const ownMessages = (knownSteps ?? []).filter(({ details }) => details.type === 'message_creation').length;
  const wanted = mostMessages(run) + ownMessages - added.length;
  const [steps, older] = await Promise.all([
    knownSteps ?? readSteps(reader, { ...run, runId: run.id }),
    wanted > 0 ? readMessages(reader, run, wanted, added[0]?.id) : { items: [], hasMore: true },
  ]);
  return { steps, messages: { items: [...added.toReversed(), ...older.items], hasMore: older.hasMore } };
}

/** The thread's newest messages, newest first: a page of them, and of at most `wanted`. */
export const readMessages = ({ store }: Reader, { projectId, threadId }: Run, wanted: number, before: string | undefined): Promise<Page<Message>> =>
  store.page('message', [projectId, threadId], { order: 'desc', limit: Math.min(PAGE, wanted), after: before });

/** The run's steps so far, or those behind `after`, oldest first. A run has few of them, and a new run none. */
export async function readSteps({ store }: Reader, { projectId, threadId, runId }: { projectId: string; threadId: string; runId: string }, after?: string): Promise<RunStep[]> {
  const steps: RunStep[] = [];
  for (;;) {
    const { items, hasMore } = await store.page('step', [projectId, threadId, runId], { order: 'asc', limit: PAGE, after: steps.at(-1)?.id ?? after });
    steps.push(...items);
    if (!hasMore) return steps;
  }
}
