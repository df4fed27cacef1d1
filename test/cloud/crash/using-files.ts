/** Files, uploads and vector stores, used in every way that asks for a permission. */
import { expect } from '@jest/globals';
import { toFile } from 'openai';
import { lastIs } from '../../crash/conversation.ts';
import { calls, text } from '../../support/scripted-model.ts';
import type { Scene } from './outlives.ts';

const DAY_MS = 86_400_000;
/** More than a part of a file. */
const LARGE = Buffer.alloc(9 * 1024 * 1024, 'a line of words\n');
const SMALL = Buffer.from('The lighthouse at Cape Wrath was built in 1828.');

export async function useFiles({ client, server, model, saboteur }: Scene): Promise<void> {
  saboteur.watch();
  const { client: openai } = client;
  const { files, uploads, vectorStores, beta } = openai;
  const upload = async (bytes: Buffer, name: string, purpose: 'assistants' | 'batch' = 'assistants') => files.create({ purpose, file: await toFile(bytes, name) });

  // Come in whole, in parts, and not to their end; go out, and away.
  const large = await upload(LARGE, 'large.jsonl', 'batch');
  await (await files.content(large.id)).arrayBuffer();
  await files.list();
  await files.retrieve(large.id);
  await files.delete(large.id);
  const parts = await uploads.create({ filename: 'parts.txt', bytes: SMALL.length, mime_type: 'text/plain', purpose: 'assistants' });
  const part = await uploads.parts.create(parts.id, { data: await toFile(SMALL, 'part') });
  const { file: whole } = await uploads.complete(parts.id, { part_ids: [part.id] });
  const left = await uploads.create({ filename: 'left.txt', bytes: SMALL.length, mime_type: 'text/plain', purpose: 'assistants' });
  await uploads.parts.create(left.id, { data: await toFile(SMALL, 'part') });
  await uploads.cancel(left.id);

  // Indexed one by one and together; looked at, searched, taken out.
  const [first, second] = [await upload(SMALL, 'first.txt'), await upload(SMALL, 'second.txt')];
  const store = await vectorStores.create({ file_ids: [whole?.id ?? ''], expires_after: { anchor: 'last_active_at', days: 1 } });
  const vector_store_id = store.id;
  const isIndexed = (fileId: string) =>
    client.eventually(`${fileId} is indexed`, async () => {
      const { status } = await vectorStores.files.retrieve(fileId, { vector_store_id });
      return status === 'in_progress' ? undefined : status;
    });
  await vectorStores.fileBatches.create(store.id, { file_ids: [first.id, second.id] });
  for (const id of [whole?.id ?? '', first.id, second.id]) expect(await isIndexed(id)).toBe('completed');
  await vectorStores.list();
  await vectorStores.update(store.id, { name: 'places' });
  await vectorStores.files.list(store.id);
  await vectorStores.files.content(first.id, { vector_store_id });
  expect((await vectorStores.search(store.id, { query: 'lighthouse' })).data.length).toBeGreaterThan(0);
  await vectorStores.files.delete(first.id, { vector_store_id });
  await files.delete(second.id);

  // By a model, streamed and not.
  const assistant = await beta.assistants.create({ model: 'gpt-4o', tools: [{ type: 'file_search' }], tool_resources: { file_search: { vector_store_ids: [store.id] } } });
  for (const stream of [false, true]) {
    model.reset();
    model.scriptFor(lastIs('user', 'When?'), calls([{ name: 'file_search', arguments: { queries: ['lighthouse'] } }]));
    model.always(text('In 1828.'));
    const thread = { messages: [{ role: 'user' as const, content: 'When?', attachments: [{ file_id: first.id, tools: [{ type: 'file_search' as const }] }] }] };
    if (stream) await beta.threads.createAndRunStream({ assistant_id: assistant.id, thread }).finalRun();
    else expect((await beta.threads.createAndRunPoll({ assistant_id: assistant.id, thread }, { pollIntervalMs: 20 })).status).toBe('completed');
  }

  // What nobody can index; then time ends the store, and what was left of an upload.
  saboteur.kill(({ input }, point) => (point.startsWith('FileIndexer ChangeMessageVisibility') && input !== undefined ? 'after' : undefined));
  const dying = await vectorStores.create({ file_ids: [first.id] });
  await client.eventually('it has failed', async () => ((await vectorStores.retrieve(dying.id)).file_counts.failed === 1 ? true : undefined));
  saboteur.watch();
  await vectorStores.delete(dying.id);
  await client.pass(2 * DAY_MS, DAY_MS);
  await client.pass(8000);
  await server.deployment.sweep();
  expect((await vectorStores.retrieve(store.id)).status).toBe('expired');
  await vectorStores.delete(store.id);
  await files.delete(first.id);
  await client.pass(8000);
}
