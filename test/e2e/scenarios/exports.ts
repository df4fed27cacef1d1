/** `/v1/exports`: histories written into files. */
import { describe, expect, test } from '@jest/globals';
import { calls, text } from '../../support/scripted-model.ts';
import type { WireExport } from '../../../shared/wire/export.ts';
import { download, ended, exported, linesOf, startExport } from '../exports.ts';
import type { Stage } from '../stage.ts';

/** A thread with one run that called a function, and its answer. */
async function conversation(stage: Stage): Promise<{ thread_id: string; run_id: string }> {
  stage.model.script(calls([{ name: 'lookup', arguments: { city: 'Bern' } }]), text('It is `4` degrees.'));
  const tools = [{ type: 'function' as const, function: { name: 'lookup' } }];
  const { assistant_id, thread_id } = await stage.newPair({ tools }, 'How cold is it?');
  const asking = await stage.runs.createAndPoll(thread_id, { assistant_id });
  const call = asking.required_action?.submit_tool_outputs.tool_calls[0];
  const run = await stage.runs.submitToolOutputsAndPoll(asking.id, { thread_id, tool_outputs: [{ tool_call_id: call?.id ?? '', output: '4' }] });
  expect(run.status).toBe('completed');
  return { thread_id, run_id: run.id };
}

const newProject = (stage: Stage, name: string): Promise<string> => stage.server.createKey(`proj_exports_${name}`);

export function exports(use: () => Stage): void {
  describe('an export', () => {
    test('of a thread has all that is in it, oldest first, between a header and an end', async () => {
      const stage = use();
      const { thread_id, run_id } = await conversation(stage);
      const file = linesOf(await exported(stage, `/threads/${thread_id}/exports`));

      const [thread, messages, run, steps] = [await stage.threads.retrieve(thread_id), await stage.messagesOf(thread_id), await stage.runs.retrieve(run_id, { thread_id }), await stage.stepsOf({ id: run_id, thread_id })];
      expect(file[0]).toEqual({ type: 'header', format: 'threadkeep-export', version: 1 });
      expect(file.slice(1, -1).map(({ type, data }) => [type, data])).toEqual([
        ['thread', expect.objectContaining({ ...thread })],
        ...messages.map((message) => ['message', expect.objectContaining({ ...message })]),
        ['run', expect.objectContaining({ ...run })],
        ...steps.map((step) => ['step', expect.objectContaining({ ...step })]),
      ]);
      expect(file.at(-1)).toEqual({ type: 'end', counts: { threads: 1, messages: 2, runs: 1, steps: 2 } });
    });

    test('says what the files are that its messages name, as long as they are there', async () => {
      const stage = use();
      const [kept, deleted] = await Promise.all(['kept.md', 'deleted.md'].map((name) => stage.client.files.create({ file: new File([name], name), purpose: 'assistants' })));
      const attachments = [kept, deleted].map((file) => ({ file_id: file?.id ?? '' }));
      const thread = await stage.threads.create({ messages: [{ role: 'user', content: 'See these.', attachments }, { role: 'user', content: 'No files here.' }] });
      await stage.client.files.delete(deleted?.id ?? '');
      const lines = linesOf(await exported(stage, `/threads/${thread.id}/exports`));
      expect(lines.filter(({ type }) => type === 'message').map(({ data }) => (data as { files?: unknown }).files)).toEqual([[{ ...kept }], undefined]);
      expect(await exported(stage, `/threads/${thread.id}/exports`, { format: 'markdown' })).toContain(`*Attached: \`kept.md\`*`);
    });

    test('is the same file whenever it is made', async () => {
      const stage = use();
      const { thread_id } = await conversation(stage);
      expect(await exported(stage, `/threads/${thread_id}/exports`)).toBe(await exported(stage, '/exports', { thread_id }));
    });

    test('says how far it is, is listed, and is gone with its file when it is deleted', async () => {
      const stage = use();
      const key = await newProject(stage, 'listed');
      const made = await stage.connect({ apiKey: key }).beta.threads.create({ messages: [{ role: 'user', content: 'Keep this.' }] });
      const first = await startExport(stage, `/threads/${made.id}/exports`, {}, key);
      const second = await startExport(stage, '/exports', { format: 'markdown' }, key);
      expect(first).toMatchObject({ object: 'export', status: 'queued', format: 'jsonl', cause: 'request', thread_id: made.id, metadata: null, bytes: 0 });
      expect(second).toMatchObject({ thread_id: null, metadata: {}, format: 'markdown' });

      const done = await ended(stage, first.id, key);
      await ended(stage, second.id, key);
      const response = await download(stage, first.id, key);
      expect(done).toMatchObject({ status: 'completed', counts: { threads: 1, messages: 1, runs: 0, steps: 0 }, bytes: expect.any(Number) });
      // API Gateway keeps the length of what it streams to itself.
      expect([null, String(done.bytes)]).toContain(response.headers.get('content-length'));
      expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${first.id}.jsonl"`);
      expect((await response.arrayBuffer()).byteLength).toBe(done.bytes);

      const list = async () => (await stage.http<{ data: WireExport[] }>('GET', '/exports', { key, unchecked: true })).body.data.map(({ id }) => id);
      expect(await list()).toEqual([second.id, first.id]);
      expect((await stage.http('DELETE', `/exports/${first.id}`, { key, unchecked: true })).body).toEqual({ id: first.id, object: 'export.deleted', deleted: true });
      expect(await list()).toEqual([second.id]);
      expect((await download(stage, first.id, key)).status).toBe(404);
    });

    test('is nobody else’s', async () => {
      const stage = use();
      const { id } = await stage.newThread('Mine');
      const mine = await startExport(stage, `/threads/${id}/exports`);
      await ended(stage, mine.id);
      const other = await newProject(stage, 'other');

      expect(await stage.http('GET', `/exports/${mine.id}`, { key: other })).toMatchObject({ status: 404, body: { error: { message: `No export found with id '${mine.id}'.` } } });
      expect((await download(stage, mine.id, other)).status).toBe(404);
      expect((await stage.http('DELETE', `/exports/${mine.id}`, { key: other })).status).toBe(404);
      expect((await stage.http('POST', `/threads/${id}/exports`, { key: other })).status).toBe(404);
    });

    test('of a project has all its threads, or those that the metadata names', async () => {
      const stage = use();
      const key = await newProject(stage, 'all');
      const { threads } = stage.connect({ apiKey: key }).beta;
      const make = (team: string, words: string) => threads.create({ metadata: { team }, messages: [{ role: 'user', content: words }] });
      const [a, b, c] = [await make('red', 'one'), await make('blue', 'two'), await make('red', 'three')];
      const threadsOf = async (body: object) => linesOf(await exported(stage, '/exports', body, key)).flatMap(({ type, data }) => (type === 'thread' ? [data.id] : []));

      expect(await threadsOf({})).toEqual([a.id, b.id, c.id]);
      expect(await threadsOf({ metadata: { team: 'red' } })).toEqual([a.id, c.id]);
      expect(await threadsOf({ metadata: { team: 'green' } })).toEqual([]);
    });

    test('can be read by people', async () => {
      const stage = use();
      const { thread_id } = await conversation(stage);
      const { id } = await startExport(stage, `/threads/${thread_id}/exports`, { format: 'markdown' });
      await ended(stage, id);
      const response = await download(stage, id);
      const words = await response.text();

      expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
      expect(words).toMatch(new RegExp(`^# ${thread_id}\n`));
      expect(words).toMatch(/## User, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n\nHow cold is it\?\n\n## Assistant, .* UTC\n\nIt is `4` degrees\.\n/);
      expect(words).toContain('- called `lookup` (completed)\n\n```\n{"city":"Bern"}\n```\n\n```\n4\n```\n');
    });

    test('is refused when it asks for what there is not', async () => {
      const stage = use();
      const error = async (path: string, body: object) => (await stage.http('POST', path, { body })).body.error;
      expect(await error('/threads/thread_none/exports', {})).toMatchObject({ message: "No thread found with id 'thread_none'." });
      expect(await error('/exports', { format: 'pdf' })).toMatchObject({ param: 'format', code: 'invalid_value' });
      expect(await error('/exports', { thread_id: 'thread_x', metadata: {} })).toMatchObject({ param: 'metadata' });
      expect(await error('/exports', { thread: 'x' })).toMatchObject({ code: 'unknown_parameter' });
      expect(await error('/threads/thread_none/exports', { colour: 'red' })).toMatchObject({ code: 'unknown_parameter' });
    });
  });
}

export function exportsOnExpiry(use: () => Stage): void {
  describe('a thread whose time has come', () => {
    const DAY_MS = 86_400_000;

    const expire = async (stage: Stage, days: number) => {
      await stage.server.jump(days * DAY_MS);
      // The sweeper comes round every half a minute.
      await stage.server.pass(60_000);
    };
    const exportsOf = async (stage: Stage, key: string) => (await stage.http<{ data: WireExport[] }>('GET', '/exports', { key, unchecked: true })).body.data;
    const settle = async (stage: Stage, key: string) => {
      const post = (path: string, body: object) => stage.http<{ id: string }>('POST', path, { key, body, unchecked: true });
      return { post, make: async (body: object = {}) => (await post('/threads', { retention: { days: 1 }, messages: [{ role: 'user', content: 'My last words' }], ...body })).body.id };
    };

    test('is written into a file first where its project or it itself says so, and is readable there', async () => {
      const stage = use();
      const key = await newProject(stage, 'expiry');
      const { post, make } = await settle(stage, key);
      const [named, plain] = [await make({ export_on_expiry: true }), await make()];
      const kept = await exported(stage, `/threads/${named}/exports`, {}, key);
      await expire(stage, 1);
      const [made, ...others] = (await exportsOf(stage, key)).filter(({ cause }) => cause === 'expiry');
      expect(others).toEqual([]);
      expect(made).toMatchObject({ thread_id: named, format: 'jsonl' });
      await ended(stage, made?.id ?? '', key);
      expect(await (await download(stage, made?.id ?? '', key)).text()).toBe(kept);
      expect((await stage.http('GET', `/threads/${plain}`, { key })).status).toBe(404);

      await post('/project', { export_on_expiry: true });
      const [ofProject, not] = [await make(), await make({ export_on_expiry: false })];
      await expire(stage, 1);
      const expired = (await exportsOf(stage, key)).filter(({ cause }) => cause === 'expiry').map(({ thread_id }) => thread_id);
      expect(expired).toEqual([ofProject, named]);
      expect(expired).not.toContain(not);
    });

    test('is not when it is deleted before that', async () => {
      const stage = use();
      const key = await newProject(stage, 'deleted');
      const { post, make } = await settle(stage, key);
      await post('/project', { export_on_expiry: true });
      const id = await make();
      await stage.http('DELETE', `/threads/${id}`, { key });
      await expire(stage, 2);
      expect(await exportsOf(stage, key)).toEqual([]);
    });

    test('says whether it will be', async () => {
      const stage = use();
      const { post, make } = await settle(stage, stage.server.key);
      const id = await make({ export_on_expiry: true });
      const read = async () => (await stage.http<{ export_on_expiry: unknown }>('GET', `/threads/${id}`)).body.export_on_expiry;
      expect(await read()).toBe(true);
      await post(`/threads/${id}`, { metadata: {} });
      expect(await read()).toBe(true);
      await post(`/threads/${id}`, { export_on_expiry: null });
      expect(await read()).toBe(null);
    });
  });
}
