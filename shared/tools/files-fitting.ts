import { type AttributeFilter, fits } from '../domain/attribute-filter.ts';
import type { Attributes, VectorStore } from '../domain/vector-store.ts';
import type { World } from '../ports/world.ts';

type FileAttributes = readonly (readonly [id: string, attributes: Attributes])[];

const PAGE = 1000;
/** Files whose attributes are kept in memory, of all stores together, and each store's as of one revision; the attributes of one may have 9 KB. */
const MOST_FILES = 20_000;
const known = new Map<string, { rev: number; files: FileAttributes }>();

/** The completed files of a store whose attributes fit the filter. The store's revision moves with every change of them, so what was read once counts until then. */
export async function filesFitting(world: Pick<World, 'store'>, store: VectorStore, filter: AttributeFilter): Promise<string[]> {
  const files = await attributesOf(world, store);
  return files.flatMap(([id, attributes]) => (fits(filter, attributes) ? [id] : []));
}

async function attributesOf(world: Pick<World, 'store'>, store: VectorStore): Promise<FileAttributes> {
  const key = `${store.projectId} ${store.id}`;
  const before = known.get(key);
  const files = before?.rev === store.rev ? before.files : await readAttributes(world, store);
  known.delete(key);
  known.set(key, { rev: store.rev, files });
  let kept = [...known.values()].reduce((sum, each) => sum + each.files.length + 1, 0);
  // Those used longest ago.
  for (const [oldest, each] of known) {
    if (kept <= MOST_FILES) break;
    known.delete(oldest);
    kept -= each.files.length + 1;
  }
  return files;
}

async function readAttributes(world: Pick<World, 'store'>, { projectId, id }: VectorStore): Promise<FileAttributes> {
  const found: [string, Attributes][] = [];
  for (let after: string | undefined; ; ) {
    const { items, hasMore } = await world.store.page('vector_store_file', [projectId, id], { order: 'asc', limit: PAGE, after, where: { status: 'completed' } });
    for (const file of items) found.push([file.id, file.attributes]);
    after = items.at(-1)?.id;
    if (!hasMore || after === undefined) return found;
  }
}
