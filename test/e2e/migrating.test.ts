/** What docs/migrating.md tells people who come from Azure, with Azure's own clients. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import OpenAI, { AzureOpenAI } from 'openai';
import { AzureOpenAI as AzureOpenAI4 } from 'openai4';
import { AzureOpenAI as AzureOpenAI5 } from 'openai5';
import { AzureOpenAI as AzureOpenAI6 } from 'openai6';
import { TestServer } from '../support/server.ts';
import { ROOT, Spoken, command, plainEnv } from '../support/spoken.ts';

const page = readFileSync(join(ROOT, 'docs/migrating.md'), 'utf8');
const API_VERSION = '2024-05-01-preview';
const AZURE_KEY = 'azure-key';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await TestServer.start();
  folder = mkdtempSync(join(tmpdir(), 'threadkeep-migrating-'));
}, 120_000);
afterAll(async () => {
  server.expectNoErrors();
  await server.end();
  rmSync(folder, { recursive: true });
});

/** A server with Azure's paths, key header and version, in front of one that has none of them. */
async function azureLike(key: string) {
  const front = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '', 'http://azure');
      if (!url.pathname.startsWith('/openai/') || request.headers['api-key'] !== AZURE_KEY || url.searchParams.get('api-version') !== API_VERSION) return response.writeHead(401).end();
      const body = request.method === 'GET' ? undefined : await buffer(request);
      const answer = await fetch(server.baseUrl + url.pathname.slice('/openai'.length) + url.search, { method: request.method ?? 'GET', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, ...(body && { body: new Uint8Array(body) }) });
      return response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    })();
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  return { endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}`, close: () => front.close() };
}

interface Settings {
  endpoint: string;
  apiVersion: string;
  maxRetries: number;
  apiKey?: string;
  azureADTokenProvider?: () => Promise<string>;
}
/** What all versions have in common. */
interface Beta {
  assistants: { create(body: { model: string }): PromiseLike<{ id: string }> };
  threads: { create(): PromiseLike<{ id: string }>; createAndRunPoll(body: { assistant_id: string; thread: { messages: { role: 'user'; content: string }[] } }): Promise<{ status: string }> };
}
const AZURES: [string, (settings: Settings) => Beta][] = [
  ['4', (settings) => new AzureOpenAI4(settings).beta],
  ['5', (settings) => new AzureOpenAI5(settings).beta],
  ['6', (settings) => new AzureOpenAI6(settings).beta],
  ['7', (settings) => new AzureOpenAI(settings).beta],
];

test.each(AZURES)('the Azure client of openai %s needs another endpoint and another key, no more', async (_, connect) => {
  const settings = { endpoint: server.baseUrl.replace(/\/v1$/, ''), apiVersion: API_VERSION, maxRetries: 0 };
  const beta = connect({ ...settings, apiKey: server.key });
  const { id } = await beta.assistants.create({ model: 'my-gpt4-deployment' });
  expect(await beta.threads.createAndRunPoll({ assistant_id: id, thread: { messages: [{ role: 'user', content: 'Hi' }] } })).toMatchObject({ status: 'completed', model: 'my-gpt4-deployment' });
  await expect(connect({ ...settings, azureADTokenProvider: async () => server.key }).threads.create()).resolves.toMatchObject({ object: 'thread' });
  await expect(connect({ ...settings, apiKey: 'not-a-key' }).threads.create()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
});

test('the newer paths of Azure are served too, and no others', async () => {
  const origin = server.baseUrl.replace(/\/v1$/, '');
  const headers = { 'api-key': server.key };
  const statusOf = async (path: string) => (await fetch(`${origin}${path}`, { headers })).status;
  expect(await Promise.all(['/openai/v1/assistants', '/openai/assistants?api-version=2025-01-01', '/v1/assistants'].map(statusOf))).toEqual([200, 200, 200]);
  expect(await Promise.all(['/openai', '/openai/v1', '/openai/v2/assistants', '/openaiv1/assistants', '/assistants'].map(statusOf))).toEqual([404, 404, 404, 404, 404]);
});

test('the dump that the page gives to copy brings everything along', async () => {
  const [from, to] = [await server.createKey('proj_azure'), await server.createKey('proj_new')];
  const [old, mine] = [from, to].map((apiKey) => new OpenAI({ baseURL: server.baseUrl, apiKey, maxRetries: 0 }).beta);
  if (!old || !mine) throw new Error('two keys, two clients');
  const assistant = await old.assistants.create({ model: 'my-gpt4-deployment', instructions: 'Be brief.' });
  const threads = await Promise.all(['one', 'two'].map((content) => old.threads.create({ messages: [{ role: 'user', content }], metadata: { content } })));
  for (let n = 0; n < 3; n++) await old.threads.messages.create(threads[0]?.id ?? '', { role: 'user', content: String(n) });

  const script = /```js\n {2}import([\s\S]*?)```/.exec(page)?.[0].split('\n').slice(1, -1).join('\n') ?? '';
  const azure = await azureLike(from);
  const dump = new Spoken(spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd: ROOT, env: plainEnv({ AZURE_OPENAI_ENDPOINT: azure.endpoint, AZURE_OPENAI_API_KEY: AZURE_KEY, OPENAI_API_VERSION: API_VERSION }), stdio: ['pipe', 'pipe', 'pipe'] }));
  dump.child.stdin?.end([...threads.map(({ id }) => id), 'thread_none'].join('\n'));
  const { code, stdout, stderr } = await dump.ended;
  azure.close();
  expect([code, stderr]).toEqual([0, "thread_none: 404 No thread found with id 'thread_none'.\n"]);

  const file = join(folder, 'dump.jsonl');
  writeFileSync(file, stdout);
  const brought = await command(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/import.ts', '--url', server.baseUrl, '--key', to, file], {});
  expect(brought).toMatchObject({ code: 0, stdout: 'assistants 1 created, 0 unchanged, 0 refused\nthreads    2 created, 0 unchanged, 0 refused\nmessages   5 created, 0 unchanged, 0 refused\n' });
  expect(await mine.assistants.retrieve(assistant.id)).toEqual(assistant);
  for (const { id } of threads) {
    const [there, here] = await Promise.all([old, mine].map(({ threads: { messages } }) => Array.fromAsync(messages.list(id, { order: 'asc' }))));
    expect(here?.length).toBeGreaterThan(0);
    expect(here).toEqual(there);
  }
});
