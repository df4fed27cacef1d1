/** A server that is told to stop while code runs: it takes the code with it, and the run goes on at the next start. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { descendants, stillThere } from '../support/processes.ts';
import { ScriptedModel, calls, text } from '../support/scripted-model.ts';
import { TestServer } from '../support/server.ts';
import { openai7 } from './clients/openai-7.ts';
import { CODE, code, logsOf } from './code-interpreter.ts';
import { LOCAL_KEY, eventually, textOf } from './stage.ts';

/** npm takes its time on a busy machine. */
const PATIENCE_MS = 60_000;

const connect = (server: TestServer) => openai7.connect({ baseURL: server.baseUrl, apiKey: LOCAL_KEY, maxRetries: 0 });

describe('stopping while code runs', () => {
  let model: ScriptedModel;
  beforeAll(async () => {
    model = await ScriptedModel.start();
  });
  afterAll(() => model.close());

  // Ctrl-C reaches every process of the terminal, were the code's among them.
  test.each([['SIGTERM', false], ['SIGINT', true]] as const)('on %s (npm start: %s) no process stays, and the code is executed anew', async (signal, npm) => {
    const server = await TestServer.start({ npm, env: { MODEL_BASE_URL: model.baseUrl } });
    const { assistants, threads } = connect(server).beta;
    const assistant = await assistants.create({ model: 'gpt-4o', tools: [CODE] });
    const thread = await threads.create({ messages: [{ role: 'user', content: 'Six times seven?' }] });
    // The word is told when it is written, not with the code.
    model.script(calls([code('import subprocess', "subprocess.Popen(['sleep', '600'])", "print('be' + 'gun', flush=True)", 'while True: pass')]));
    const begun = Promise.withResolvers<void>();
    const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
    stream.on('event', (event) => {
      if (JSON.stringify(event).includes('begun')) begun.resolve();
    });
    const broken = stream.done().then(() => false, () => true);
    await begun.promise;
    const processes = descendants(server.pid);

    const { code: exitCode, stderr } = await server.stop(signal);

    expect(stillThere(processes)).toEqual([]);
    expect(processes.length).toBeGreaterThanOrEqual(4);
    expect(await broken).toBe(true);
    if (!npm) expect(exitCode).toBe(0);
    expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('npm '))).toEqual([]);

    model.script(calls([code('print(6 * 7)')]), text('42'));
    await server.boot();
    const after = connect(server).beta.threads;
    const run = await eventually('the run is done', async () => (await after.runs.list(thread.id)).data.find(({ status }) => status === 'completed'));
    const { data: steps } = await after.runs.steps.list(run.id, { thread_id: thread.id, order: 'asc' });
    expect(steps.map(logsOf)).toEqual(['42\n', '']);
    expect((await after.messages.list(thread.id, { order: 'asc' })).data.map(textOf)).toEqual(['Six times seven?', '42']);
    // Where it is available, nothing is said of it.
    expect(server.stdout).not.toContain('code_interpreter');
    await model.verify();
    server.expectNoErrors();
    await server.remove();
  }, PATIENCE_MS);
});
