import type { CodeSession } from '../domain/code-session.ts';
import type { Emit } from '../domain/run-event.ts';
import { type Usage, addUsage } from '../domain/usage.ts';
import { create, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { answeredStep, commitHeld } from './checkpoint.ts';
import type { Hold } from './hold.ts';
import { callsRest } from './retell.ts';
import type { Executed } from './run-code.ts';
import type { Turn } from './turn.ts';

/** Of what a thread's code has written, so many of the newest are known by their paths. */
const MOST_WRITTEN = 500;

/** Code that was executed: step, files and what the session has now are one change, so that no file is there which nothing names. */
export async function saveCode(world: World, hold: Hold, emit: Emit, turn: Turn, executed: Executed, usage: Usage): Promise<void> {
  const { call, kept, room } = executed;
  const step = answeredStep(world, turn, [call], usage);
  try {
    await commitHeld(world, hold, async (run) => {
      const write = update('run', run, { ...run, usage: addUsage(run.usage, usage) });
      const session = await world.store.get(keys.codeSession(run.projectId, run.threadId));
      return {
        change: { name: 'save-code', writes: [write, create('step', step), ...(kept?.writes ?? []), ...(session && room ? [update('code_session', session, used(session, executed, step.completedAtMs))] : [])] },
        run: write.record,
      };
    });
  } catch (error) {
    await kept?.discard();
    throw error;
  }
  // Its logs were told as they came; images only now that their files are there.
  const told = (call.outputs ?? []).filter(({ type }) => type === 'logs');
  for (const event of callsRest(step, [{ ...call, outputs: told }])) emit(event);
  emit({ type: 'thread.run.step.completed', step });
  turn.endStep();
}

/** The session after an execution: what was written is in it already. */
function used(before: CodeSession, { kept, room }: Executed, nowMs: number): CodeSession {
  const fresh = kept?.written ?? [];
  const replaced = new Set(fresh.map(({ path }) => path));
  const written = [...before.written.filter(({ path }) => !replaced.has(path)), ...fresh.map(({ path, fileId }) => ({ path, fileId }))].slice(-MOST_WRITTEN);
  const { session, ...rest } = before;
  if (session !== room?.session) return { ...before, written };
  if (room?.isOver) return { ...rest, usedAtMs: nowMs, mounted: [], written };
  // What is no longer known to be written need not be known to be there.
  const [known, still] = [before.written, written].map((files) => new Set(files.map(({ fileId }) => fileId)));
  const mounted = [...before.mounted.filter((id) => !known?.has(id) || still?.has(id)), ...fresh.map(({ fileId }) => fileId)];
  return { ...before, usedAtMs: nowMs, mounted, written };
}
