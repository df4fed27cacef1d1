/** A file is in the index whole and once, whichever Lambda dies at it, and nothing is left of a store that is deleted. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { toFile } from 'openai';
import { itemsOf } from './crash/cloud-ledger.ts';
import { objectsOf } from './crash/large-thread.ts';
import { TEST_MS, useScene } from './crash/outlives.ts';
import { asDeath } from './crash/saboteur.ts';

const TEXT = 'The lighthouse at Cape Wrath was built in 1828. Its lamp can be seen for twenty-two miles.';

const scene = useScene();
let fileId = '';
beforeAll(async () => {
  const file = await scene().client.client.files.create({ purpose: 'assistants', file: await toFile(Buffer.from(TEXT), 'lighthouse.txt') });
  fileId = file.id;
}, TEST_MS);

/** A store that the file is in, and what it says of it once nothing goes on any more. */
async function indexed(...deaths: string[]) {
  const { client, server, saboteur } = scene();
  const { vectorStores } = client.client;
  const store = await vectorStores.create({});
  saboteur.watch(...deaths.map(asDeath));
  await vectorStores.files.create(store.id, { file_id: fileId });
  await client.eventually('it is indexed, and who is to die has', async () => {
    const { status } = await vectorStores.files.retrieve(fileId, { vector_store_id: store.id });
    return status !== 'in_progress' && saboteur.deaths.length >= deaths.length ? true : undefined;
  });
  await client.pass(120_000, 20_000);
  await server.deployment.quiet();
  expect(saboteur.deaths).toEqual(deaths);
  const { file_counts, usage_bytes, status } = await vectorStores.retrieve(store.id);
  const { data: found } = await vectorStores.search(store.id, { query: 'lighthouse' });
  const { data: content } = await vectorStores.files.content(fileId, { vector_store_id: store.id });
  return { id: store.id, seen: { file_counts, usage_bytes, status, found: found.map(({ file_id, content: texts }) => [file_id, texts]), content } };
}

type Seen = Awaited<ReturnType<typeof indexed>>['seen'];
let usual: Seen | undefined;

test('a file is indexed once, and found', async () => {
  const { seen } = await indexed();
  usual = seen;
  expect(seen).toMatchObject({ status: 'completed', file_counts: { completed: 1, total: 1 }, found: [[fileId, [{ type: 'text', text: TEXT }]]], content: [{ type: 'text', text: TEXT }] });
  scene().server.expectNoErrors();
}, TEST_MS);

describe('so it is in spite of a death', () => {
  const DEATHS = ['after FileIndexer PutItem #1', 'after FileIndexer PutObject #1', 'before FileIndexer TransactWriteItems #1', 'after FileIndexer TransactWriteItems #1', 'before FileIndexer DeleteMessage #1'];
  test.each(DEATHS)('%s', async (death) => {
    const { seen } = await indexed(death);
    expect(seen).toEqual(usual);
    scene().server.expectNoErrors();
  }, TEST_MS);
});

test('a store that is deleted leaves nothing behind', async () => {
  const { client, server } = scene();
  const { s3 } = server.deployment.engines.hands;
  const { id } = await indexed();
  const ofStore = async () => (await objectsOf(s3)).filter((key) => key.startsWith('index/') && key.includes(`/${id.toLowerCase()}-`));
  expect((await ofStore()).length).toBeGreaterThan(0);
  await client.client.vectorStores.delete(id);
  await client.eventually('nothing is left of it', async () => ((await itemsOf(server.deployment, id)).length + (await ofStore()).length === 0 ? true : undefined));
  server.expectNoErrors();
}, TEST_MS);
