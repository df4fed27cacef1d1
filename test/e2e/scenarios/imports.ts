/** `/v1/imports`: histories brought in again, from our own files and from the hosted service's lists. */
import { describe, expect, test } from '@jest/globals';
import type { ImportCounts, WireImport } from '../../../shared/wire/import.ts';
import { calls, text } from '../../support/scripted-model.ts';
import { exported, linesOf } from '../exports.ts';
import { type Stage, eventually } from '../stage.ts';

let last = 0;
const newProject = (stage: Stage): Promise<string> => stage.server.createKey(`proj_imports_${++last}`);

async function bring(stage: Stage, key: string, body: string, query = '', type = 'application/x-ndjson'): Promise<WireImport> {
  const answer = await stage.http<WireImport>('POST', `/imports${query}`, { key, text: body, headers: { 'content-type': type }, unchecked: true });
  expect(answer).toMatchObject({ status: 200, body: { object: 'import' } });
  return answer.body;
}

const counts = (created: number, unchanged = 0, refused = 0): ImportCounts => ({ created, unchanged, refused });

/** A thread with everything that an export can hold, in a project of its own. */
async function source(stage: Stage): Promise<{ key: string; threadId: string; file: string }> {
  const key = await newProject(stage);
  const { assistants, threads } = stage.connect({ apiKey: key }).beta;
  const assistant = await assistants.create({ model: 'gpt-4o', instructions: 'Be brief.', temperature: 0.3, tools: [{ type: 'function', function: { name: 'lookup', parameters: { type: 'object', properties: { zip: { type: 'string' }, 8000: {} } } } }] });
  const { id } = await threads.create({
    metadata: { b: '2', a: 'ä' },
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Look:\u2028' }, { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }], metadata: { n: '1' } },
      { role: 'assistant', content: 'I see.' },
    ],
  });
  stage.model.script(calls([{ name: 'lookup', arguments: { zip: '3000' } }]), text('Bern.'), text('Cut', { usage: { prompt: 3, completion: 2 } }));
  const waiting = await threads.runs.createAndPoll(id, { assistant_id: assistant.id, metadata: { why: 'test' } });
  const call = waiting.required_action?.submit_tool_outputs.tool_calls[0];
  await threads.runs.submitToolOutputsAndPoll(waiting.id, { thread_id: id, tool_outputs: [{ tool_call_id: call?.id ?? '', output: '{"city":"Bern"}' }] });
  await threads.runs.createAndPoll(id, { assistant_id: assistant.id, model: 'gpt-4o-mini', max_completion_tokens: 256, truncation_strategy: { type: 'last_messages', last_messages: 3 } });
  return { key, threadId: id, file: await exported(stage, '/exports', {}, key) };
}

const CODE = {
  ...{ input: '1+1', outputs: [{ type: 'logs', logs: '2\n' }, { type: 'image', image: { file_id: 'file-image' } }] },
  ...{ files: [{ path: 'a/x.csv', file_id: 'file-csv', bytes: 12 }], note: 'Variables are lost.' },
};
const SHOWN = [
  { type: 'image_file', image_file: { file_id: 'file-image', detail: 'auto' } },
  { type: 'text', text: { value: 'sandbox:/mnt/data/a/x.csv', annotations: [{ type: 'file_path', text: 'sandbox:/mnt/data/a/x.csv', start_index: 0, end_index: 25, file_path: { file_id: 'file-csv' } }] } },
];

/** An export as it would be if its first run had executed code in the place of its function. */
function withCode(file: string): { file: string; threadId: string } {
  const lines = linesOf(file);
  const dataOf = (isWanted: (type: string, text: string) => boolean): Record<string, unknown> => lines.find(({ type, ...line }) => isWanted(type, JSON.stringify(line)))?.data ?? {};
  const step = dataOf((type, text) => type === 'step' && text.includes('lookup'));
  step['step_details'] = { type: 'tool_calls', tool_calls: [{ id: 'call_1', type: 'code_interpreter', code_interpreter: CODE }] };
  dataOf((type) => type === 'run')['code_interpreter_sessions'] = 1;
  dataOf((type, text) => type === 'message' && text.includes('Bern.'))['content'] = SHOWN;
  return { file: lines.map((line) => `${JSON.stringify(line)}\n`).join(''), threadId: String(step['thread_id']) };
}

export function imports(use: () => Stage): void {
  describe('an import of an export', () => {
    test('gives an export of the same bytes', async () => {
      const stage = use();
      const { threadId, file } = await source(stage);
      const key = await newProject(stage);

      expect(await bring(stage, key, file)).toMatchObject({
        counts: { threads: counts(1), messages: counts(4), runs: counts(2), steps: counts(3), assistants: counts(0), other: counts(0) },
        end: 'matches',
        refused: [],
        dry_run: false,
      });
      expect(await exported(stage, '/exports', {}, key)).toBe(file);
      expect(await exported(stage, `/threads/${threadId}/exports`, {}, key)).toBe(file);
    });

    test('brings code and what came out of it, as they were', async () => {
      const stage = use();
      const { threadId, file } = withCode((await source(stage)).file);
      const key = await newProject(stage);
      expect(await bring(stage, key, file)).toMatchObject({ counts: { messages: counts(4), runs: counts(2), steps: counts(3) }, end: 'matches', refused: [] });

      expect(await exported(stage, '/exports', {}, key)).toBe(file);
      const { threads } = stage.connect({ apiKey: key }).beta;
      const [first] = (await threads.runs.list(threadId, { order: 'asc' })).data;
      const steps = await threads.runs.steps.list(first?.id ?? '', { thread_id: threadId, order: 'asc' });
      expect(steps.data[0]?.step_details).toEqual({ type: 'tool_calls', tool_calls: [{ id: 'call_1', type: 'code_interpreter', code_interpreter: { input: '1+1', outputs: [{ type: 'logs', logs: '2\n' }, { type: 'image', image: { file_id: 'file-image' } }] } }] });
      const message = (await threads.messages.list(threadId)).data.find(({ content }) => content.length === 2);
      expect(message?.content.map(({ type }) => type)).toEqual(['image_file', 'text']);
    });

    test('makes threads that go on like all others', async () => {
      const stage = use();
      const { threadId, file } = await source(stage);
      const key = await newProject(stage);
      await bring(stage, key, file);
      const { assistants, threads } = stage.connect({ apiKey: key }).beta;
      const assistant = await assistants.create({ model: 'gpt-4o' });
      const before = (await threads.messages.list(threadId)).data.map(({ id }) => id);
      const added = await threads.messages.create(threadId, { role: 'user', content: 'More?' });
      stage.model.script(text('No.'));
      const run = await threads.runs.createAndPoll(threadId, { assistant_id: assistant.id });
      expect(run.status).toBe('completed');
      const after = (await threads.messages.list(threadId)).data.map(({ id }) => id);
      expect(after.slice(1)).toEqual([added.id, ...before]);
      expect((await threads.runs.list(threadId)).data[0]?.id).toBe(run.id);
    });

    test('changes nothing the second time, nor what has become another since', async () => {
      const stage = use();
      const { key, threadId, file } = await source(stage);
      expect(await bring(stage, key, file)).toMatchObject({ counts: { threads: counts(0, 1), messages: counts(0, 4), runs: counts(0, 2), steps: counts(0, 3) }, refused: [] });

      const [, , message] = linesOf(file);
      await stage.http('POST', `/threads/${threadId}/messages/${message?.data.id}`, { key, body: { metadata: { changed: 'yes' } } });
      const now = await exported(stage, '/exports', {}, key);
      expect(await bring(stage, key, file)).toMatchObject({
        counts: { messages: counts(0, 3, 1) },
        refused: [{ line: 3, id: message?.data.id, reason: `${message?.data.id} is there already, and differs` }],
      });
      expect(await exported(stage, '/exports', {}, key)).toBe(now);
    });

    test('can be tried without doing it', async () => {
      const stage = use();
      const { file, threadId } = await source(stage);
      const key = await newProject(stage);
      expect(await bring(stage, key, file, '?dry_run=true')).toMatchObject({ dry_run: true, counts: { threads: counts(1), messages: counts(4), runs: counts(2), steps: counts(3) }, refused: [], end: 'matches' });
      expect((await stage.http('GET', `/threads/${threadId}`, { key })).status).toBe(404);
    });

    test('may come in several requests, and says when its end is missing', async () => {
      const stage = use();
      const { file } = await source(stage);
      const key = await newProject(stage);
      const lines = file.split('\n').slice(0, -1);
      const half = `${lines.slice(0, 5).join('\n')}\n`;
      expect(await bring(stage, key, half)).toMatchObject({ counts: { threads: counts(1), messages: counts(3) }, end: 'absent' });
      expect(await bring(stage, key, lines.slice(5).join('\n'))).toMatchObject({ counts: { messages: counts(1), runs: counts(2), steps: counts(3) }, end: 'differs', refused: [] });
      expect(await exported(stage, '/exports', {}, key)).toBe(file);
    });

    test('refuses line by line what it cannot take, and says why', async () => {
      const stage = use();
      const { file } = await source(stage);
      const key = await newProject(stage);
      const [header, thread, message] = file.split('\n');
      const { data } = JSON.parse(message ?? '') as { data: Record<string, unknown> };
      const line = (change: object, type = 'message') => JSON.stringify({ type, data: { ...data, ...change } });
      const report = await bring(stage, key, [header, thread, '{"type":', '', line({ role: 'system' }), line({ id: 'x' }), line({ thread_id: 'thread_none' }), line({ created_at_ms: 5 }), line({ id: 'msg_short' }), line({}, 'poem'), '{"type":"header","format":"threadkeep-export","version":2}', message, '{"__proto__":1}'].join('\n'));
      expect(report.counts).toMatchObject({ threads: counts(1), messages: counts(1, 0, 5), other: counts(0, 0, 4) });
      expect(report.refused).toEqual([
        { line: 3, id: null, reason: 'is no JSON' },
        { line: 5, id: data['id'], reason: expect.stringContaining('role') },
        { line: 6, id: 'x', reason: expect.stringContaining("is no id that begins with 'msg_'") },
        { line: 7, id: data['id'], reason: 'there is no thread thread_none' },
        { line: 8, id: data['id'], reason: expect.stringContaining('not within the second') },
        { line: 9, id: 'msg_short', reason: 'msg_short is no id of an export' },
        { line: 10, id: null, reason: expect.stringContaining('is no line of an export') },
        { line: 11, id: null, reason: expect.stringContaining('no format that is known here') },
        { line: 13, id: null, reason: 'is no JSON' },
      ]);
    });

    test('brings a thread back that was deleted, once all of it is gone', async () => {
      const stage = use();
      const { key, threadId, file } = await source(stage);
      await stage.http('DELETE', `/threads/${threadId}`, { key });
      await eventually('it is all gone', async () => ((await bring(stage, key, file, '?dry_run=true')).counts.threads.created === 1 ? true : undefined));
      expect(await bring(stage, key, file)).toMatchObject({ refused: [], counts: { threads: counts(1), messages: counts(4) } });
      expect(await exported(stage, '/exports', {}, key)).toBe(file);
    });

    test('needs a valid key, and leaves nothing behind without one', async () => {
      const stage = use();
      const { file } = await source(stage);
      expect((await stage.http('POST', '/imports', { key: 'sk-wrong', text: file })).status).toBe(401);
    });
  });
}
