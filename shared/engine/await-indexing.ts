import { sleep } from '../domain/clock.ts';
import { isStoreExpired } from '../domain/vector-store.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import type { Hold } from './hold.ts';
import { searchName } from './offer-tools.ts';

/** How long a run waits for the files of its thread to be indexed (contract §5). */
const LONGEST_WAIT_MS = 60_000;
const LOOK_EVERY_MS = 250;

/**
 * Before its first model call a run waits until its thread's vector store has nothing left to index, or not any longer: what is not indexed by then is not
 * found. Whoever takes the run over waits for what is left of that time. Rejects as soon as the run is interrupted.
 */
export async function awaitIndexing({ store, clock }: World, hold: Hold): Promise<void> {
  const { projectId, threadId, tools, usage, startedAtMs = 0, toolChoice } = hold.run;
  if (searchName(tools) === undefined || toolChoice === 'none' || usage.promptTokens > 0) return;
  const thread = await store.get(keys.thread(projectId, threadId));
  const ids = thread?.toolResources.file_search?.vector_store_ids ?? [];
  for (const id of ids) {
    while (clock.nowMs() < startedAtMs + LONGEST_WAIT_MS) {
      const found = await store.get(keys.vectorStore(projectId, id));
      if (!found || found.counts.inProgress === 0 || isStoreExpired(found, clock.nowMs())) break;
      await sleep(clock, LOOK_EVERY_MS, hold.signal);
    }
  }
}
