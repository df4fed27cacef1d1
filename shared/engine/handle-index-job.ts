/** What the index queue's deliveries do. */
import type { IndexJob, Outcome } from '../ports/queue.ts';
import type { World } from '../ports/world.ts';

/** When `giveBack` aborts, a file that is being indexed is left to whoever gets the job next, which is no failed attempt. */
export async function handleIndexJob(_world: World, _job: IndexJob, _attempt: number, _giveBack?: AbortSignal): Promise<Outcome> {
  throw new Error('not yet');
}
