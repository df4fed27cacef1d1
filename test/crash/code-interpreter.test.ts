/** Runs that execute code, on a server that dies under them: no process stays, no file that nothing names, and no step is there twice. */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CODE_SESSION_IDLE_MS } from '../../shared/domain/code-session.ts';
import { codeOf } from '../../shared/domain/run-step.ts';
import { INCOMING_KEPT_MS } from '../../shared/domain/upload.ts';
import { START_MS } from '../support/manual-clock.ts';
import { descendants, stillThere } from '../support/processes.ts';
import { ScriptedModel, calls, text } from '../support/scripted-model.ts';
import { type Told, lastIs, once, seeThrough, startRun, stepsOf, surprisesOf, transcript } from './conversation.ts';
import { CrashableServer, type CrashableOptions } from './crashable.ts';
import { brokenPromises, brokenRules, readLedger } from './ledger.ts';
import { TEST_MS, around, withoutCount } from './points.ts';

const QUESTION = 'How many?';
const ANSWER = 'Six: sandbox:/mnt/data/sum.txt';
const COST = { prompt: 101, completion: 7 };
const PNG = Buffer.from('89504e470d0a1a0a00', 'hex');
const code = (...lines: string[]) => ({ name: 'code_interpreter', arguments: { code: lines.join('\n') } });
/** Shows, writes, and says so. */
const FIRST = code('class Picture:', `    def _repr_png_(self): return bytes.fromhex('${PNG.toString('hex')}')`, 'display(Picture())', "total = sum(map(int, open('numbers.txt')))", "open('sum.txt', 'w').write(f'sum {total}')", "print('written')");
/** What the first has written is there, whatever has become of its session. */
const SECOND = code("print(open('sum.txt').read())");

interface Scene {
  server: CrashableServer;
  model: ScriptedModel;
  threadId: string;
  assistantId: string;
}

/** A thread with a question that takes code, and a file for it. */
async function onServer(options: Omit<CrashableOptions, 'modelUrl'>, act: (scene: Scene) => Promise<void>): Promise<void> {
  await using model = await ScriptedModel.start();
  await using server = await CrashableServer.start({ ...options, modelUrl: model.baseUrl });
  const keys = [once(), once(), once()];
  const numbers = await server.insist((client) => client.files.create({ file: new File(['1\n2\n3\n'], 'numbers.txt'), purpose: 'assistants' }, keys[0]));
  const assistant = await server.insist((client) => client.beta.assistants.create({ model: 'gpt-4o', tools: [{ type: 'code_interpreter' }], tool_resources: { code_interpreter: { file_ids: [numbers.id] } } }, keys[1]));
  const thread = await server.insist((client) => client.beta.threads.create({ messages: [{ role: 'user', content: QUESTION }] }, keys[2]));
  await act({ server, model, threadId: thread.id, assistantId: assistant.id });
  expect(await surprisesOf(model)).toEqual([]);
}

/** Keys of what the blob store has, and of what the records of files name. */
async function blobsOf({ dataDir }: CrashableServer): Promise<{ stored: number; named: number }> {
  const stored = await readdir(join(dataDir, 'blobs'), { recursive: true, withFileTypes: true });
  const db = new DatabaseSync(join(dataDir, 'threadkeep.db'), { readOnly: true, timeout: 5000 });
  try {
    return { stored: stored.filter((entry) => entry.isFile()).length, named: Number(db.prepare('SELECT count(*) AS n FROM file').get()?.['n']) };
  } finally {
    db.close();
  }
}

async function play(crashAt: string, streamed: boolean): Promise<void> {
  await onServer({ crashAt, clockMs: START_MS }, async ({ server, model, threadId, assistantId }) => {
    const answer = (to: Parameters<ScriptedModel['scriptFor']>[0], step: () => ReturnType<typeof text>) => model.scriptFor(to, ...Array.from({ length: 3 }, step));
    answer(lastIs('user', QUESTION), () => calls([FIRST], { usage: COST }));
    answer(lastIs('tool', /written/), () => calls([SECOND], { usage: COST }));
    answer(lastIs('tool', /sum 6/), () => text(ANSWER, { usage: COST }));

    const told: Told = [];
    const run = await seeThrough(server, threadId, await startRun(server, threadId, { assistant_id: assistantId }, streamed, told), streamed, told);

    expect(server.crashes).toEqual([withoutCount(crashAt)]);
    expect(run).toMatchObject({ status: 'completed', usage: { total_tokens: 324 } });
    expect(await stepsOf(server, threadId, run.id)).toEqual(['code_interpreter completed', 'code_interpreter completed', 'message_creation completed']);
    expect(await transcript(server, threadId)).toEqual([`user: ${QUESTION}`, `assistant: image_file|${ANSWER}`]);
    expect(brokenPromises(server, told)).toEqual([]);
    expect(await brokenRules(server)).toEqual([]);

    const [first, second] = readLedger(server.dataDir).steps.flatMap(codeOf);
    expect(first?.outputs).toEqual([{ type: 'logs', logs: 'written\n' }, { type: 'image', fileId: expect.any(String) as unknown }]);
    expect(second).toMatchObject({ outputs: [{ type: 'logs', logs: 'sum 6\n' }] });
    const { data: made } = await server.insist((client) => client.files.list({ purpose: 'assistants_output' }));
    const shown = first?.outputs?.flatMap((output) => (output.type === 'image' ? [output.fileId] : [])) ?? [];
    const written = first?.files?.map(({ fileId }) => fileId) ?? [];
    expect(made.map(({ id }) => id).sort()).toEqual([...shown, ...written].sort());
    const contents = await Promise.all(made.map(async ({ id }) => Buffer.from(await (await server.client.files.content(id)).arrayBuffer()).toString('latin1')));
    expect(contents.sort()).toEqual(['sum 6', PNG.toString('latin1')].sort());

    // Its session goes with time, and so does what an execution has left half stored.
    await server.pass(CODE_SESSION_IDLE_MS + 60_000);
    await server.eventually('nothing runs any more', () => Promise.resolve(descendants(server.pid).length === 0 || undefined));
    await server.eventually('each blob has a file', async () => {
      const { stored, named } = await blobsOf(server);
      if (stored === named) return named;
      await server.pass(INCOMING_KEPT_MS / 4);
      return undefined;
    });
    expect(await blobsOf(server)).toEqual({ stored: 3, named: 3 });
  });
}

const SESSION = ['after:begin-session', 'sandbox:open', 'sandbox:put', 'after:use-session'];
const EXECUTION = ['sandbox:logs', 'sandbox:execute@2', 'sandbox:read', 'after:receive-content@2', 'blob:put@2', 'blob:put@3'];

describe('a run that executes code outlives a kill -9', () => {
  test.concurrent.each([...SESSION, ...EXECUTION, ...around('save-code'), 'inside:save-code@2', 'after:save-code@2'])('polled, at %s', (point) => play(point, false), TEST_MS);
  test.concurrent.each(['sandbox:logs', 'blob:put@3', ...around('save-code'), 'model:request@2', 'inside:end-run-completed'])('streamed, at %s', (point) => play(point, true), TEST_MS);
});

describe('a server killed while code runs', () => {
  const ISOLATION = [['isolated', {}], ['in the open', { CODE_INTERPRETER_WITHOUT_ISOLATION: 'i-know-what-this-means' }]] as const;

  test.each(ISOLATION)('leaves no process and, after its next start, no folder (%s); the run is executed anew', async (isolation, env) => {
    await onServer({ env, byHand: true }, async ({ server, model, threadId, assistantId }) => {
      const started = Promise.withResolvers<void>();
      // The word is told when it is written, not with the code.
      model.script(calls([code('import subprocess', "subprocess.Popen(['sleep', '600'])", "print('be' + 'gun', flush=True)", 'while True: pass')]));
      const broken = server.client.beta.threads.runs
        .stream(threadId, { assistant_id: assistantId })
        .on('toolCallDelta', (delta) => {
          if (JSON.stringify(delta).includes('begun')) started.resolve();
        })
        .finalRun()
        .then(() => false, () => true);
      await started.promise;
      const processes = descendants(server.pid);
      // bwrap, the supervisor, the interpreter and sleep; in the open the last three.
      expect(processes.length).toBeGreaterThanOrEqual(isolation === 'isolated' ? 4 : 3);

      await server.kill();

      expect(await broken).toBe(true);
      await server.eventually('all have ended', () => Promise.resolve(stillThere(processes).length === 0 || undefined));
      expect(readdirSync(join(server.dataDir, 'sandbox')).length).toBe(isolation === 'isolated' ? 0 : 1);

      model.script(calls([code('print(6 * 7)')]), text('42'));
      await server.restart();
      const run = await server.eventually('the run is done', async () => (await server.client.beta.threads.runs.list(threadId)).data.find(({ status }) => status === 'completed'));

      expect(await stepsOf(server, threadId, run.id)).toEqual(['code_interpreter completed', 'message_creation completed']);
      expect(await transcript(server, threadId)).toEqual([`user: ${QUESTION}`, 'assistant: 42']);
      expect(readLedger(server.dataDir).steps.flatMap(codeOf).map(({ outputs }) => outputs)).toEqual([[{ type: 'logs', logs: '42\n' }]]);
      expect(await brokenRules(server)).toEqual([]);
      // Of the session that is there now, and of no other.
      expect(existsSync(join(server.dataDir, 'sandbox'))).toBe(true);
      expect(readdirSync(join(server.dataDir, 'sandbox')).length).toBe(isolation === 'isolated' ? 0 : 1);
    });
  }, TEST_MS);
});
