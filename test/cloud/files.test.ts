/** Files and vector stores on a deployment: taken in by the web function, indexed by a function of their own, searched by another. */
import { expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { toFile } from 'openai';
import { TEST_MS, useScene } from './crash/outlives.ts';

const scene = useScene();

test('a file of 32 MB, far beyond what the gateway takes, comes back as it was', async () => {
  const { client: { client }, server } = scene();
  const bytes = randomBytes(32 * 1024 * 1024);
  const file = await client.files.create({ purpose: 'batch', file: await toFile(Readable.from([bytes]), 'noise.jsonl') });
  expect(file).toMatchObject({ bytes: bytes.length, filename: 'noise.jsonl' });
  const back = Buffer.from(await (await client.files.content(file.id)).arrayBuffer());
  expect(createHash('sha256').update(back).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  await client.files.delete(file.id);
  server.expectNoErrors();
}, TEST_MS);

test('a file is indexed and found', async () => {
  const { client: { client }, server } = scene();
  const text = 'The lighthouse at Cape Wrath was built in 1828. Its lamp can be seen for twenty-two miles.';
  const file = await client.files.create({ purpose: 'assistants', file: await toFile(Buffer.from(text), 'lighthouse.txt') });
  const store = await client.vectorStores.create({ name: 'places' });
  const added = await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id }, { pollIntervalMs: 50 });
  expect(added).toMatchObject({ status: 'completed', last_error: null });
  const found = await client.vectorStores.search(store.id, { query: 'when was the lighthouse built' });
  expect(found.data).toMatchObject([{ file_id: file.id, filename: 'lighthouse.txt', content: [{ type: 'text', text }] }]);
  await client.vectorStores.delete(store.id);
  await client.files.delete(file.id);
  server.expectNoErrors();
}, TEST_MS);
