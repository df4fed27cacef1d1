import { releaseTo } from '../domain/run.ts';
import { ConflictError, update } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { MOST_TRIES } from './checkpoint.ts';
import type { Hold } from './hold.ts';

/**
 * Lets go of a run that somebody else is to go on with: its lease has lapsed by everybody's clock. What the run has stored stays, the
 * answer under way is forgotten. False, and nothing done, when the run is to be ended instead: it was cancelled meanwhile, or its window
 * has closed.
 */
export async function giveBack(world: World, hold: Hold): Promise<boolean> {
  for (let tries = 1; !hold.lost; tries++) {
    const { run } = hold;
    if (run.status === 'cancelling' || hold.isPastWindow) return false;
    const write = update('run', run, releaseTo(run, { owner: world.owner, untilMs: 0 }));
    try {
      await hold.rest(() => world.commit({ name: 'give-back', writes: [write] }));
      world.log.info('run_given_back', { runId: run.id });
      return true;
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MOST_TRIES) throw error;
      await hold.look();
    }
  }
  return true;
}
