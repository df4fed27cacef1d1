/** Files that assistants and threads have for code_interpreter, on whatever engine keeps them: a file that is deleted is in none of them. */
import { describe, expect, it } from '@jest/globals';
import { createKey } from '../../../shared/actions/keys.ts';
import { planAttachmentsStill } from '../../../shared/actions/plan-tool-resources.ts';
import { reapRemoved } from '../../../shared/actions/reap-removed.ts';
import type { MessageInput } from '../../../shared/domain/message.ts';
import { RunSignals } from '../../../shared/engine/run-signals.ts';
import { makeApp } from '../../../shared/http/app.ts';
import { remove, update } from '../../../shared/ports/commit.ts';
import { keys } from '../../../shared/ports/store.ts';
import type { World } from '../../../shared/ports/world.ts';
import { aFile } from '../../support/file-records.ts';
import { aThread, PROJECT } from '../../support/records.ts';
import { type ContractWorld, useStage } from './stage.ts';

interface Configured {
  id: string;
  thread_id?: string;
  tool_resources: { code_interpreter?: { file_ids: string[] } };
}

const resources = (...fileIds: string[]) => ({ tool_resources: { code_interpreter: { file_ids: fileIds } } });
const attachment = (file_id: string, ...tools: string[]) => ({ file_id, tools: tools.map((type) => ({ type })) });
const attaching = (...fileIds: string[]) => ({ role: 'user', content: 'Count.', attachments: fileIds.map((id) => attachment(id, 'code_interpreter')) });
const MODEL = { model: 'gpt-4o' };

export function describeCodeFiles<W extends ContractWorld>(name: string, makeWorld: () => Promise<W>, worldOf: (stage: W) => World): void {
  describe(`${name}: files for code`, () => {
    const stage = useStage(makeWorld);
    const open = () => worldOf(stage.world as W);

    async function client(world: World) {
      const app = makeApp({ world, signals: new RunSignals(), maxBodyBytes: 100_000, corsOrigins: [] });
      const { key } = await createKey(world, PROJECT, '');
      const ask = async (method: string, path: string, body?: object, type = 'application/json') => {
        const text = type === 'application/json' ? JSON.stringify(body) : `${JSON.stringify(body)}\n`;
        const response = await app.request(`/v1${path}`, { method, headers: { authorization: `Bearer ${key}`, 'content-type': type }, ...(body && { body: text }) });
        return { status: response.status, body: (await response.json()) as Configured };
      };
      const post = async (path: string, body: object, type?: string) => {
        const answer = await ask('POST', path, body, type);
        expect([path, answer]).toEqual([path, { status: 200, body: expect.any(Object) }]);
        return answer.body;
      };
      const namedIn = async (path: string) => (await ask('GET', path)).body.tool_resources.code_interpreter?.file_ids;
      return { ask, post, namedIn };
    }

    async function newFiles(count: number): Promise<string[]> {
      const files = Array.from({ length: count }, (_, n) => aFile({ filename: `${n}.txt`, pieces: [] }));
      for (let at = 0; at < count; at += 50) await stage.put('file', ...files.slice(at, at + 50));
      return files.map(({ id }) => id);
    }

    const placesOf = async ({ store }: World, fileId: string) => (await store.page('file_place', [PROJECT, fileId], { order: 'asc', limit: 100 })).items.map(({ id }) => id);
    const reaping = (world: World) =>
      stage.follow(async (event) => {
        if (event.type === 'removed') await reapRemoved(world, event);
      });
    const reaped = async (world: World, fileId: string) => {
      for (let looks = 0; (await placesOf(world, fileId)).length > 0; looks++) {
        if (looks === 1000) throw new Error('waited in vain until the file is reaped');
        await stage.world.pass(1000);
      }
    };

    it('are taken out of all that names them when they are deleted, however they came there', async () => {
      const world = open();
      const { ask, post, namedIn } = await client(world);
      const [gone = '', kept = ''] = await newFiles(2);
      const { id: assistant } = await post('/assistants', { ...MODEL, ...resources(gone, kept, gone) });
      const { id: changed } = await post('/assistants', MODEL);
      await post(`/assistants/${changed}`, resources(kept));
      await post(`/assistants/${changed}`, resources(kept, gone));
      const made = await Promise.all(Array.from({ length: 25 }, () => post('/threads', resources(gone, kept))));
      const { id: begun } = await post('/threads', { ...resources(kept), messages: [attaching(gone)] });
      const others = await Promise.all([post('/threads', {}), post('/threads', {}), post('/threads', resources(kept))]);
      const [updated = '', told = '', run = ''] = others.map(({ id }) => id);
      await post(`/threads/${updated}`, resources(gone, kept));
      await post(`/threads/${told}/messages`, attaching(kept, gone));
      const running = await post(`/threads/${run}/runs`, { assistant_id: assistant, additional_messages: [attaching(gone)] });
      const both = await post('/threads/runs', { assistant_id: assistant, thread: { messages: [attaching(gone, kept)] } });
      const brought = 'thread_brought';
      await post('/imports', { type: 'thread', data: { object: 'thread', id: brought, created_at: 1_700_000_000, metadata: {}, ...resources(gone, kept, 'file-foreign') } }, 'application/x-ndjson');
      const threads = [...made.map(({ id }) => id), begun, updated, told, run, both.thread_id ?? '', brought];

      expect((await ask('DELETE', `/files/${gone}`)).status).toBe(200);
      reaping(world);
      await reaped(world, gone);

      for (const id of [assistant, changed]) expect(await namedIn(`/assistants/${id}`)).toEqual([kept]);
      for (const id of threads) expect([id, await namedIn(`/threads/${id}`)]).toEqual([id, id === brought ? [kept, 'file-foreign'] : [kept]]);
      expect(await namedIn(`/threads/${run}/runs/${running.id}`)).toEqual([gone, kept, gone]);
      expect(await placesOf(world, kept)).toHaveLength(2 + threads.length);
      expect((await ask('DELETE', `/files/${kept}`)).status).toBe(200);
      await reaped(world, kept);
      expect(await namedIn(`/assistants/${assistant}`)).toEqual([]);
    });

    it('are taken out where they are named again, and nothing is done where they are named no more', async () => {
      const world = open();
      const { ask, post, namedIn } = await client(world);
      const [gone = '', kept = ''] = await newFiles(2);
      const [again, left, deleted] = await Promise.all([post('/threads', resources(gone)), post('/threads', resources(gone)), post('/threads', resources(gone))]);
      await post(`/threads/${again.id}`, resources());
      await post(`/threads/${again.id}`, resources(kept, gone));
      await post(`/threads/${left.id}`, resources(kept));
      await ask('DELETE', `/threads/${deleted.id}`);

      await ask('DELETE', `/files/${gone}`);
      reaping(world);
      await reaped(world, gone);

      expect([await namedIn(`/threads/${again.id}`), await namedIn(`/threads/${left.id}`)]).toEqual([[kept], [kept]]);
    });

    it('are not named by what is written while they are deleted', async () => {
      const base = open();
      const { post } = await client(base);
      const [thread, assistant] = [await post('/threads', {}), await post('/assistants', MODEL)];
      const requests: [string, (id: string) => object][] = [
        ['/assistants', (id) => ({ ...MODEL, ...resources(id) })],
        [`/assistants/${assistant.id}`, (id) => resources(id)],
        ['/threads', (id) => resources(id)],
        ['/threads', (id) => ({ messages: [attaching(id)] })],
        [`/threads/${thread.id}`, (id) => resources(id)],
        [`/threads/${thread.id}/messages`, (id) => attaching(id)],
        [`/threads/${thread.id}/runs`, (id) => ({ assistant_id: assistant.id, additional_messages: [attaching(id)] })],
      ];
      for (const [path, body] of requests) {
        const [id = ''] = await newFiles(1);
        const commit: World['commit'] = async (change) => {
          const file = await base.store.get(keys.file(PROJECT, id));
          // Between the look at the file and the commit that names it.
          if (file && !change.writes.some(({ key }) => key.kind === 'api_key')) await base.commit({ name: 'rival', writes: [remove('file', file)] });
          return base.commit(change);
        };
        const { ask } = await client({ ...base, commit });
        expect([path, await ask('POST', path, body(id))]).toMatchObject([path, { status: 404, body: { error: { message: `No such File object: ${id}` } } }]);
        expect(await placesOf(base, id)).toEqual([]);
      }
      expect(await base.store.get(keys.thread(PROJECT, thread.id))).toMatchObject({ toolResources: {} });
    });

    it('are taken out of a thread that others change meanwhile, and nothing of theirs is lost', async () => {
      const base = open();
      const { post, ask, namedIn } = await client(base);
      const [gone = ''] = await newFiles(1);
      const { id } = await post('/threads', resources(gone));
      let rivals = 3;
      const commit: World['commit'] = async (change) => {
        const before = await base.store.get(keys.thread(PROJECT, id));
        if (before && change.name === 'take-from-code' && rivals-- > 0) await base.commit({ name: 'rival', writes: [update('thread', before, { ...before, metadata: { rivals: `${rivals}` } })] });
        return base.commit(change);
      };
      await ask('DELETE', `/files/${gone}`);
      reaping({ ...base, commit });
      await reaped(base, gone);
      expect(await base.store.get(keys.thread(PROJECT, id))).toMatchObject({ metadata: { rivals: '0' } });
      expect(await namedIn(`/threads/${id}`)).toEqual([]);
    });

    it('may be as many as there can be, beside as many that are searched, the same among them', async () => {
      const base = open();
      // Nobody indexes here.
      const world: World = { ...base, commit: (change) => base.commit({ ...change, jobs: [], timers: [] }) };
      const { post, namedIn } = await client(world);
      const files = await newFiles(50);
      const [code, searched, both] = [files.slice(0, 20), files.slice(20, 40), files.slice(30, 50)];
      const assistant = await post('/assistants', { ...MODEL, tool_resources: { code_interpreter: { file_ids: code }, file_search: { vector_stores: [{ file_ids: searched }] } } });
      const { id } = await post('/threads', { messages: [{ role: 'user', content: 'Hi', attachments: searched.map((file) => attachment(file, 'file_search')) }] });
      await post(`/threads/${id}/messages`, { role: 'user', content: 'Hi', attachments: both.map((file) => attachment(file, 'file_search', 'code_interpreter')) });
      const few = both.slice(0, 9);
      const small = await post('/threads', { messages: [{ role: 'user', content: 'Hi', attachments: few.map((file) => attachment(file, 'file_search', 'code_interpreter')) }] });

      expect([await namedIn(`/assistants/${assistant.id}`), await namedIn(`/threads/${id}`), await namedIn(`/threads/${small.id}`)]).toEqual([code, both, few]);
      expect(await placesOf(world, few[0] ?? '')).toEqual(expect.arrayContaining([id, small.id]));
    });

    it('of a message that was accepted are there whatever becomes of those that are to be searched', async () => {
      const world = open();
      const [thread, [code = '', searched = '']] = [aThread(), await newFiles(2)];
      const logged: string[] = [];
      const full: World = { ...world, config: { ...world.config, mostFilesPerStore: 0 }, log: { info: () => undefined, error: (what) => void logged.push(what) } };
      const message: MessageInput = { role: 'user', content: [], metadata: {}, attachments: [{ file_id: searched, tools: [{ type: 'file_search' }] }, { file_id: code, tools: [{ type: 'code_interpreter' }] }] };

      const { toolResources, plan } = await planAttachmentsStill(full, thread, [message]);

      expect([toolResources, logged]).toEqual([resources(code).tool_resources, ['attachments_left_out']]);
      expect(plan.writes.map(({ op, key }) => [op, key.kind])).toEqual([['create', 'file_place'], ['check', 'file']]);
    });

    it('of threads of which nobody has written down the place stay named, and harm nobody', async () => {
      const world = open();
      const { ask, namedIn } = await client(world);
      const [gone = '', other = ''] = await newFiles(2);
      const old = aThread({ toolResources: { code_interpreter: { file_ids: [gone] } } });
      await stage.put('thread', old);
      reaping(world);
      await ask('DELETE', `/files/${gone}`);
      await ask('POST', `/threads/${old.id}/messages`, attaching(other));
      expect(await namedIn(`/threads/${old.id}`)).toEqual([gone, other]);
    });
  });
}
