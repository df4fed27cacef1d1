/** `npm run import`, beside a running server. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { piecesOf } from '../../../local/import-pieces.ts';
import { command, plainEnv } from '../../support/spoken.ts';
import { exported } from '../exports.ts';
import type { Stage } from '../stage.ts';

let folder: string;
const useFolder = (): void => {
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'threadkeep-import-'))));
  afterAll(() => rm(folder, { recursive: true }));
};

let last = 0;
const newProject = (stage: Stage): Promise<string> => stage.server.createKey(`proj_command_${++last}`);
const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};
const run = (stage: Stage, key: string, ...args: string[]) =>
  command(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/import.ts', '--url', stage.server.baseUrl, '--key', key, ...args], plainEnv({}));

/** Larger than one request may be. */
const makeExport = async (stage: Stage, key: string) => {
  const { threads } = stage.connect({ apiKey: key }).beta;
  const { id } = await threads.create({ messages: [{ role: 'user', content: 'First' }] });
  for (let n = 0; n < 24; n++) await threads.messages.create(id, { role: 'user', content: `${n} \u2028 ${'x'.repeat(240_000)}` });
  return exported(stage, '/exports', {}, key);
};

export function importsByCommand(use: () => Stage): void {
  describe('npm run import', () => {
    useFolder();

    test('brings an export of any length, to the same bytes, and nothing twice', async () => {
      const stage = use();
      const [from, to] = [await newProject(stage), await newProject(stage)];
      const text = await makeExport(stage, from);
      const path = await file('whole.jsonl', text);
      expect((await Array.fromAsync(piecesOf(path))).length).toBeGreaterThan(1);

      expect(await run(stage, to, path)).toMatchObject({ code: 0, stdout: 'threads    1 created, 0 unchanged, 0 refused\nmessages   25 created, 0 unchanged, 0 refused\n', stderr: '' });
      expect(await exported(stage, '/exports', {}, to)).toBe(text);
      expect(await run(stage, to, path)).toMatchObject({ code: 0, stdout: 'threads    0 created, 1 unchanged, 0 refused\nmessages   0 created, 25 unchanged, 0 refused\n' });
    });

    test('says that an export was cut off', async () => {
      const stage = use();
      const key = await newProject(stage);
      await stage.connect({ apiKey: key }).beta.threads.create({ messages: [{ role: 'user', content: 'Only' }] });
      const lines = (await exported(stage, '/exports', {}, key)).split('\n');
      const [short, holed] = [await file('short.jsonl', lines.slice(0, -2).join('\n')), await file('holed.jsonl', [...lines.slice(0, 2), ...lines.slice(3)].join('\n'))];
      expect(await run(stage, key, short)).toMatchObject({ code: 1, stdout: expect.stringContaining('the export has no end: it was cut off') });
      expect(await run(stage, key, holed)).toMatchObject({ code: 1, stdout: expect.stringContaining('lines are missing from the export') });
    });

    test('brings lists as the hosted service returned them, and says what it could not', async () => {
      const stage = use();
      const key = await newProject(stage);
      const thread = { id: 'thread_hosted1', object: 'thread', created_at: 1_714_000_000, metadata: {}, tool_resources: null };
      const message = { id: 'msg_hosted1', object: 'thread.message', created_at: 1_714_000_001, thread_id: 'thread_hosted1', role: 'user', content: [{ type: 'text', text: { value: 'Hi', annotations: [] } }] };
      const threads = await file('threads.json', JSON.stringify({ object: 'list', data: [thread] }, null, 2));
      const messages = await file('messages.jsonl', [{ object: 'list', data: [message] }, { object: 'list', data: [{ ...message, id: 'msg_2', role: 'robot' }] }].map((list) => JSON.stringify(list)).join('\n'));
      const tried = await run(stage, key, '--dry-run', threads, messages);
      expect(tried.stdout).toContain('threads    1 to be created, 0 unchanged, 0 refused\nmessages   1 to be created, 0 unchanged, 1 refused\n');
      expect(tried.stdout).toContain(`${messages}:2: msg_2 role: `);
      const { code, stdout } = await run(stage, key, threads, messages);
      expect(code).toBe(1);
      expect(stdout).toContain('threads    1 created, 0 unchanged, 0 refused\nmessages   1 created, 0 unchanged, 1 refused\n');
      expect(stdout).toContain(`${messages}:2: msg_2 role: `);
    });

    test('explains itself, and what went wrong', async () => {
      const stage = use();
      expect(await run(stage, 'sk-x')).toMatchObject({ code: 1, stderr: expect.stringContaining('npm run import -- FILE') });
      expect(await run(stage, 'sk-x', join(folder, 'none'))).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
      expect(await run(stage, 'sk-x', await file('one.json', '{}'))).toMatchObject({ code: 1, stderr: expect.stringContaining('answered 401') });
    });
  });
}

/** In one request, whatever its length: only of a server that takes that. */
export function dryRunOfAnyLength(use: () => Stage): void {
  describe('npm run import --dry-run', () => {
    useFolder();

    test('says of an export of any length what would come of it', async () => {
      const stage = use();
      const [from, to] = [await newProject(stage), await newProject(stage)];
      const path = await file('tried.jsonl', await makeExport(stage, from));
      expect(await run(stage, to, '--dry-run', path)).toMatchObject({ code: 0, stdout: 'threads    1 to be created, 0 unchanged, 0 refused\nmessages   25 to be created, 0 unchanged, 0 refused\n', stderr: '' });
      expect((await stage.connect({ apiKey: to }).get('/threads')) as { data: unknown[] }).toMatchObject({ data: [] });
    });

    test('says why a server on AWS does not take one', async () => {
      // Its gateway reads the whole, and then has no better words for it.
      const gateway = createServer((request, response) => void request.resume().on('end', () => response.writeHead(500).end('The server had an error.'))).listen(0, '127.0.0.1');
      await once(gateway, 'listening');
      const tried = async (name: string, text: string) => {
        const args = ['--url', `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/v1`, '--dry-run', await file(name, text)];
        return command(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/import.ts', ...args], {});
      };
      const line = `${JSON.stringify({ id: 'thread_1', object: 'thread', created_at: 1_714_000_000, metadata: {} })}\n`;
      const long = await tried('long.jsonl', line.repeat(60_000));
      expect(long).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/answered 500: The server had an error\.\nA dry run is one request, and this one has more than 4 MB, which a server on AWS does not take\./) });
      expect((await tried('short.jsonl', line)).stderr).not.toContain('AWS');
      gateway.close();
    });
  });
}
