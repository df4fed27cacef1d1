import type { Job, Outcome } from '../ports/queue.ts';
import type { World } from '../ports/world.ts';

/** A timer's: has the index of a vector store dropped whose time has come; looks again later at one that was used meanwhile. */
export async function expireStore(_world: World, _job: Extract<Job, { type: 'expire-store' }>): Promise<Outcome> {
  throw new Error('not yet');
}
