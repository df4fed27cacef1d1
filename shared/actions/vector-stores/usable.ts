import { InvalidRequestError, StoreExpiredError } from '../../domain/errors.ts';
import { type VectorStore, filesIn, isStoreExpired } from '../../domain/vector-store.ts';
import { ConflictError, update } from '../../ports/commit.ts';
import type { World } from '../../ports/world.ts';

export function demandUsable({ clock }: Pick<World, 'clock'>, store: VectorStore): void {
  if (isStoreExpired(store, clock.nowMs())) throw new StoreExpiredError(store.id);
}

export function demandRoom({ config }: Pick<World, 'config'>, store: VectorStore, more: number, param: string): void {
  if (filesIn(store.counts) + more <= config.mostFilesPerStore) return;
  throw new InvalidRequestError(`Vector store '${store.id}' cannot have more than ${config.mostFilesPerStore} files.`, param, 'vector_store_file_limit_exceeded');
}

/** Reading must not make readers wait for each other, so a use is written down no more often than this. */
const TOUCHED_EVERY_MS = 60_000;

/** Marks a store as used now, to the minute. Another's change that comes first has marked it as well. */
export async function touchStore({ clock, commit }: Pick<World, 'clock' | 'commit'>, store: VectorStore): Promise<void> {
  const nowMs = clock.nowMs();
  if (nowMs - store.lastActiveAtMs < TOUCHED_EVERY_MS || isStoreExpired(store, nowMs)) return;
  try {
    await commit({ name: 'touch-vector-store', writes: [update('vector_store', store, { ...store, lastActiveAtMs: nowMs })] });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}
