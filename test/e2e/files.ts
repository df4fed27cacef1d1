/** Files for searches to find something in. */
import type { VectorStore } from './clients/client.ts';
import { type Stage, eventually } from './stage.ts';

export const FOODS = 'The favourite cheese of Ada is Roquefort. She eats it on rye bread every Friday.\n\nGrace likes apples best, above all those of her own garden.';
export const CARS = 'The car of Ada is a green Citroën from 1972.\n\nGrace never learned to drive.';

export const upload = (stage: Stage, name: string, content: string) => stage.client.files.create({ file: new File([content], name), purpose: 'assistants' });

/** A store with these files, indexed. */
export async function storeOf(stage: Stage, files: Record<string, string>): Promise<VectorStore> {
  const made = await Promise.all(Object.entries(files).map(([name, content]) => upload(stage, name, content)));
  const { id } = await stage.client.vectorStores.create({ file_ids: made.map((file) => file.id) });
  return indexed(stage, id);
}

export const indexed = (stage: Stage, storeId: string): Promise<VectorStore> =>
  eventually(`${storeId} is indexed`, async () => {
    const store = await stage.client.vectorStores.retrieve(storeId);
    return store.status === 'completed' ? store : undefined;
  });

/** An assistant that searches these files, and a thread. */
export async function newSearcher(stage: Stage, files: Record<string, string> = { 'foods.txt': FOODS, 'cars.md': CARS }, settings: Parameters<Stage['newAssistant']>[0] = {}) {
  const store = await storeOf(stage, files);
  return { store, ...(await stage.newPair({ tools: [{ type: 'file_search' }], tool_resources: { file_search: { vector_store_ids: [store.id] } }, ...settings })) };
}
