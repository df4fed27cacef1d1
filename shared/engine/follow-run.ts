/** A run's stream for one who does not drive it: what has happened so far, then what happens, wherever it is driven. */
import { findRun } from '../actions/find.ts';
import { readSteps } from '../actions/read-ahead.ts';
import type { Message } from '../domain/message.ts';
import type { Emit } from '../domain/run-event.ts';
import type { RunStep } from '../domain/run-step.ts';
import { asSeenAt } from '../domain/run.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { Narrator } from './narrator.ts';
import type { RunSignals } from './run-signals.ts';
import type { Listening } from './run-tellings.ts';

/** How often the records are looked at while nobody in this process drives the run. */
const LOOK_EVERY_MS = 500;

export interface RunIds {
  projectId: string;
  threadId: string;
  runId: string;
}

/**
 * Resolves when the run has ended or waits for the client, which is told last, or when `gone` aborts. Rejects with NotFoundError when the run
 * goes away with its thread. A driver in this process is heard word by word; of any other only what it stores is seen: whole messages.
 */
export async function followRun(world: World, { tellings }: RunSignals, ids: RunIds, emit: Emit, gone: AbortSignal): Promise<void> {
  const listening = tellings.listen(ids.runId);
  const leave = () => listening.close();
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) leave();
  const narrator = new Narrator((event) => {
    if (!listening.isClosed) emit(event);
  }, () => world.clock.nowMs());
  try {
    const seen: Seen = { rev: undefined };
    while (!narrator.isOver && !listening.isClosed) {
      // What is open there, then the records, then what is heard meanwhile: nothing falls between.
      const unstored = listening.attach();
      await tellRecords(world, ids, narrator, listening, seen);
      if (unstored) narrator.unstored(unstored);
      await tellDriver(world, narrator, listening);
      if (!narrator.isOver) await listening.news(world.clock, LOOK_EVERY_MS);
    }
  } finally {
    gone.removeEventListener('abort', leave);
    listening.close();
  }
}

/** The run's revision when its steps were last read: they change with it. */
interface Seen {
  rev: number | undefined;
}

async function tellRecords(world: World, ids: RunIds, narrator: Narrator, listening: Listening, seen: Seen): Promise<void> {
  const stored = await findRun(world, ids.projectId, ids.threadId, ids.runId);
  // A driver in this process ends a run past its window with all that it has said.
  const run = listening.isDriven ? stored : asSeenAt(stored, world.clock.nowMs());
  const isNews = stored.rev !== seen.rev;
  // After the run, so that they are at least as new.
  const steps = isNews ? await readSteps(world, ids, narrator.lastStored) : [];
  const messages = await Promise.all(steps.map((step) => messageOf(world, step)));
  narrator.begin(run);
  for (const [at, step] of steps.entries()) narrator.stored(run, step, messages[at]);
  seen.rev = stored.rev;
  const waiting = steps.at(-1);
  if (run.status === 'requires_action' && waiting?.id === run.stepId) narrator.requireAction(run, waiting);
  else narrator.rest(run);
}

/** What a step has written; undefined also when the client has deleted it since. */
const messageOf = async ({ store }: World, { projectId, threadId, details }: RunStep): Promise<Message | undefined> =>
  details.type === 'message_creation' ? store.get(keys.message(projectId, threadId, details.messageId)) : undefined;

/** As long as the driver that was attached to is at work. */
async function tellDriver({ clock }: World, narrator: Narrator, listening: Listening): Promise<void> {
  for (;;) {
    // What it told last stands before its end.
    for (const event of listening.take()) narrator.hear(event);
    if (narrator.isOver || listening.isClosed || !listening.isDriven) return;
    await listening.news(clock);
  }
}
