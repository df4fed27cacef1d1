import { type Write, retryOnConflict, update } from '../ports/commit.ts';
import type { Kind, RecordOf } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

type Along<K extends Kind> = (after: RecordOf<K>, before: RecordOf<K>) => Promise<Write[]>;

/** Reads, changes and stores one record, and `along` with it what follows from that; done again when somebody else changed it in between. */
export function modify<K extends Kind>(world: World, kind: K, find: () => Promise<RecordOf<K>>, change: (record: RecordOf<K>) => RecordOf<K>, along?: Along<K>): Promise<RecordOf<K>> {
  return retryOnConflict(async () => {
    const before = await find();
    const write = update(kind, before, change(before));
    await world.commit({ name: `modify-${kind}`, writes: [write, ...((await along?.(write.record, before)) ?? [])] });
    return write.record;
  });
}

/** `given` over `before` as a modify request means it: absent keeps, null empties. */
export const over = <T>(given: T | null | undefined, before: T | undefined): T | undefined => (given === undefined ? before : (given ?? undefined));
