/** What scenarios of vector stores have in common. */
import type { VectorStore } from './clients/client.ts';
import { type Stage, eventually } from './stage.ts';

export const document = (text: string, name = 'notes.txt'): File => new File([text], name);

/** The ids of new files, one for each text, in their order. */
export async function newFiles(stage: Stage, texts: Record<string, string>): Promise<string[]> {
  const ids: string[] = [];
  // One after the other: lists are in the order of ids.
  for (const [name, text] of Object.entries(texts)) ids.push((await stage.client.files.create({ file: document(text, name), purpose: 'assistants' })).id);
  return ids;
}

/** A store with these texts in it, by the names of their files, all of them indexed. */
export async function newStore(stage: Stage, texts: Record<string, string>): Promise<{ storeId: string; fileIds: string[] }> {
  const fileIds = await newFiles(stage, texts);
  const { id } = await stage.client.vectorStores.create({ file_ids: fileIds });
  await indexed(stage, id);
  return { storeId: id, fileIds };
}

/** The store when nothing of it is in progress any more. */
export const indexed = (stage: Stage, storeId: string): Promise<VectorStore> =>
  eventually(`${storeId} is indexed`, async () => {
    const store = await stage.client.vectorStores.retrieve(storeId);
    return store.file_counts.in_progress === 0 ? store : undefined;
  });

/** The ids of the files that a search finds, best first, each once. */
export async function found(stage: Stage, storeId: string, query: string | string[], more: object = {}): Promise<string[]> {
  const { data } = await stage.client.vectorStores.search(storeId, { query, ...more });
  return [...new Set(data.map(({ file_id }) => file_id))];
}

export const countsOf = ({ file_counts: { in_progress, completed, failed, cancelled, total } }: Pick<VectorStore, 'file_counts'>): number[] => [in_progress, completed, failed, cancelled, total];
