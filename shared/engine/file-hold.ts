import type { Lease } from '../domain/run.ts';
import type { VectorStoreFile, VectorStoreFileIn } from '../domain/vector-store.ts';
import { ConflictError, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { RENEW_BELOW_MS, newLease } from './hold.ts';
import { Interrupt } from './interrupt.ts';
import { onAbort } from './on-abort.ts';

export type FileAtWork = VectorStoreFileIn<'in_progress'>;

/** How often the worker looks whether the file is still wanted. */
const LOOK_EVERY_MS = 5000;

/**
 * A worker's hold on the file that it indexes: its record under a live lease, and a signal that aborts when the file is taken out of its store, cancelled or added
 * anew, or when the worker's time is up.
 */
export class FileHold {
  readonly #world: World;
  readonly #file: FileAtWork;
  readonly #controller = new AbortController();
  #stopLooking: () => void = () => undefined;
  readonly #stopListening: () => void;
  #isReleased = false;

  constructor(world: World, file: FileAtWork, giveBack: AbortSignal | undefined) {
    this.#world = world;
    this.#file = file;
    this.#stopListening = giveBack ? onAbort(giveBack, () => this.#interrupt('given back')) : () => undefined;
    this.#lookLater();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  release(): void {
    this.#isReleased = true;
    this.#stopLooking();
    this.#stopListening();
  }

  #interrupt(why: 'lost' | 'given back'): void {
    this.#controller.abort(new Interrupt(why));
  }

  #lookLater(): void {
    this.#stopLooking = this.#world.clock.after(LOOK_EVERY_MS, () => {
      // A look that fails is only a look missed.
      this.#look()
        .catch((error: unknown) => this.#world.log.error('job_failed', { fileId: this.#file.id, error }))
        .finally(() => !this.#isReleased && this.#lookLater());
    });
  }

  async #look(): Promise<void> {
    const { id, projectId, vectorStoreId } = this.#file;
    const [stored, store] = await Promise.all([this.#world.store.get(keys.vectorStoreFile(projectId, vectorStoreId, id)), this.#world.store.get(keys.vectorStore(projectId, vectorStoreId))]);
    if (this.#isReleased) return;
    if (!store || store.isDropped === true || !isHeld(stored, this.#file, this.#world.owner)) return this.#interrupt('lost');
    if ((stored.lease?.untilMs ?? 0) - this.#world.clock.nowMs() < RENEW_BELOW_MS) await leaseFile(this.#world, stored, newLease(this.#world));
  }
}

const isHeld = (stored: VectorStoreFile | undefined, { indexId }: FileAtWork, owner: string): stored is FileAtWork =>
  stored?.status === 'in_progress' && stored.indexId === indexId && stored.lease?.owner === owner;

/** The record as it is stored then; undefined when somebody has changed it in between. Counts do not change with a lease, so nothing else is written. */
export async function leaseFile(world: World, file: FileAtWork, lease: Lease | undefined): Promise<FileAtWork | undefined> {
  const { lease: _, ...rest } = file;
  const write = update('vector_store_file', file, { ...rest, ...(lease && { lease }) });
  try {
    await world.commit({ name: lease ? 'lease-file' : 'free-file', writes: [write] });
    return write.record;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return undefined;
  }
}
