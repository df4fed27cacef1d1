import { type AttributeFilter, fits } from '../domain/attribute-filter.ts';
import type { Attributes, VectorStore } from '../domain/vector-store.ts';
import type { World } from '../ports/world.ts';

type FileAttributes = readonly (readonly [id: string, attributes: Attributes])[];

const PAGE = 1000;
/** Stores whose attributes are kept in memory, each as of one revision. */
const MOST_STORES = 100;
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
  // The one used longest ago.
  const [oldest] = known.keys();
  if (known.size > MOST_STORES && oldest !== undefined) known.delete(oldest);
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
