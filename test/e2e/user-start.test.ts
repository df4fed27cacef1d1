/** Threadkeep as its README has it used: `npm start`, `npm run demo`, `npm run keys`, Ctrl-C. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScriptedModel, hang, text } from '../support/scripted-model.ts';
import { TestServer } from '../support/server.ts';
import { type Ended, command } from '../support/spoken.ts';
import type { Client } from './clients/client.ts';
import { openai7 } from './clients/openai-7.ts';
import { LOCAL_KEY, eventually, textOf } from './stage.ts';

/** npm takes its time on a busy machine. */
const PATIENCE_MS = 60_000;

const npm = (args: string[], env: Record<string, string>): Promise<Ended> => command('npm', args, env);
const connect = (server: TestServer, apiKey = LOCAL_KEY): Client => openai7.connect({ baseURL: server.baseUrl, apiKey, maxRetries: 0 });

describe('npm start', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ npm: true });
  }, PATIENCE_MS);
  afterAll(async () => {
    server.expectNoErrors();
    await server.remove();
  });

  test('says where it is, with which key, data and model, and is healthy', async () => {
    const health = await fetch(`${server.origin}/healthz`);

    expect(server.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    expect(server.stdout).toContain(LOCAL_KEY);
    expect(server.stdout).toContain(server.dataDir);
    expect(server.stdout).toMatch(/demo model; set MODEL_BASE_URL and MODEL_API_KEY/);
    expect(health.status).toBe(200);
  });

  test('npm run demo plays a whole conversation with it', async () => {
    const { code, stdout } = await npm(['run', 'demo'], { OPENAI_BASE_URL: server.baseUrl });

    expect(code).toBe(0);
    expect(stdout).toMatch(/^assistant asst_/m);
    expect(stdout).toMatch(/^assistant > .*demo model/m);
    expect(stdout).toMatch(/^function {2}> get_weather\(\{"city":/m);
    expect(stdout).toMatch(/^assistant > Your functions answered: .*celsius/m);
    expect(stdout.match(/^run {7}run_\w+ completed: [1-9]\d* prompt \+ [1-9]\d* completion tokens$/gm)).toHaveLength(2);
  }, PATIENCE_MS);

  test('npm run demo says so when nothing answers', async () => {
    const { code, stderr } = await npm(['run', 'demo'], { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' });

    expect(code).toBe(1);
    expect(stderr).toContain('Nothing answers at http://127.0.0.1:1/v1. Start the server first');
  }, PATIENCE_MS);

  test('npm run keys makes keys, lists them without their secrets, and revokes them', async () => {
    const keys = (...args: string[]) => npm(['run', '--silent', 'keys', '--', ...args], { DATA_DIR: server.dataDir });

    const created = await keys('create', '--project', 'shop', '--name', 'till');
    const key = created.stdout.split('\n')[0] ?? '';
    const thread = await connect(server, key).beta.threads.create();
    const listed = await keys('list');
    const line = listed.stdout.split('\n').find((text) => text.includes('shop')) ?? '';
    const revoked = await keys('revoke', line.split(/\s+/)[0] ?? '');
    const refused = await connect(server, key).beta.threads.retrieve(thread.id).then(() => 200, (error: { status: number }) => error.status);

    expect([created.code, listed.code, revoked.code]).toEqual([0, 0, 0]);
    expect(key).toMatch(/^sk-[\w-]{20,}$/);
    expect(line).toMatch(/till$/);
    expect(listed.stdout).not.toContain(key);
    expect(listed.stdout.trim().split('\n')).toHaveLength(2);
    expect(refused).toBe(401);
    expect((await keys('list')).stdout).not.toContain('shop');
  }, PATIENCE_MS);

  test('npm run keys says what it takes when it is asked for something else', async () => {
    const keys = (...args: string[]) => npm(['run', '--silent', 'keys', '--', ...args], { DATA_DIR: server.dataDir });

    const answers = [await keys(), await keys('destroy'), await keys('create', '--colour', 'red'), await keys('revoke', 'sk-nobody')];

    expect(answers.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    for (const { stderr } of answers.slice(0, 3)) expect(stderr).toContain('npm run keys -- create');
    expect(answers[3]?.stderr).toContain('no key, or more than one, is meant by that');
    for (const { stderr } of answers) expect(stderr).not.toMatch(/^\s+at /m);
  }, PATIENCE_MS);

  test('cannot be started twice on one folder, nor on one port, nor with a wrong setting', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'threadkeep-e2e-'));

    const sameFolder = await npm(['start'], { PORT: '0', DATA_DIR: server.dataDir });
    const samePort = await npm(['start'], { PORT: new URL(server.baseUrl).port, DATA_DIR: empty });
    const wrongPort = await npm(['start'], { PORT: 'abc', DATA_DIR: empty });
    const wrongModel = await npm(['start'], { PORT: '0', DATA_DIR: empty, MODEL_BASE_URL: 'ollama' });
    const wrongWord = await npm(['start'], { PORT: '0', DATA_DIR: empty, CODE_INTERPRETER_WITHOUT_ISOLATION: 'yes' });
    await rm(empty, { recursive: true });

    expect(sameFolder.stderr).toContain(`${server.dataDir} is in use by another Threadkeep server`);
    expect(samePort.stderr).toContain('The port is in use by another program. Choose one with PORT=');
    expect(wrongPort.stderr).toMatch(/The environment is not right:\nPORT: /);
    expect(wrongModel.stderr).toMatch(/The environment is not right:\nMODEL_BASE_URL: /);
    expect(wrongWord.stderr).toMatch(/The environment is not right:\nCODE_INTERPRETER_WITHOUT_ISOLATION: set it to exactly i-know-what-this-means/);
    for (const { code, stderr } of [sameFolder, samePort, wrongPort, wrongModel, wrongWord]) {
      expect(code).toBe(1);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  }, PATIENCE_MS);
});

describe('code_interpreter', () => {
  const PYTHON = '/opt/no-such-python';

  test('is not available where Python is missing: that is said once the server is ready, with what to do', async () => {
    await using server = await TestServer.start({ env: { PYTHON } });

    await eventually('it is said', () => Promise.resolve(/^  code .*$/m.test(server.stdout) || undefined));

    expect(server.stdout).toMatch(/^ready .*[^]*^  code   runs with code_interpreter are refused: code_interpreter has no Python: \/opt\/no-such-python did not run .*apt-get install/m);
    server.expectNoErrors();
  }, PATIENCE_MS);

  test('runs without isolation only where that is loudly said', async () => {
    await using server = await TestServer.start({ env: { PYTHON, CODE_INTERPRETER_WITHOUT_ISOLATION: 'i-know-what-this-means' } });

    await eventually('both are said', () => Promise.resolve((server.stderr !== '' && server.stdout.includes('  code ')) || undefined));

    expect(server.stderr).toMatch(/^  WARNING: code_interpreter runs WITHOUT ISOLATION: .* Unset CODE_INTERPRETER_WITHOUT_ISOLATION/);
    expect(server.stdout).toMatch(/^  code .*\/opt\/no-such-python is not installed/m);
  }, PATIENCE_MS);
});

describe('stopping and starting again', () => {
  let model: ScriptedModel;
  beforeAll(async () => {
    model = await ScriptedModel.start();
  });
  afterAll(() => model.close());

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('on %s, with a stream open and a run under way, nothing is lost', async (signal) => {
    const server = await TestServer.start({ env: { MODEL_BASE_URL: model.baseUrl } });
    const { assistants, threads } = connect(server).beta;
    const assistant = await assistants.create({ model: 'gpt-4o' });
    const [streamed, polled] = await Promise.all([1, 2].map(() => threads.create({ messages: [{ role: 'user', content: 'Hello' }] })));
    const steps = [hang('Hel'), hang()];
    model.script(...steps);
    const stream = threads.runs.stream(streamed?.id ?? '', { assistant_id: assistant.id });
    const broken = stream.done().then(() => false, () => true);
    await steps[0]?.reached;
    await threads.runs.create(polled?.id ?? '', { assistant_id: assistant.id });
    await steps[1]?.reached;

    const ended = await server.stop(signal);
    await broken;
    model.script(text('Hello again.'), text('Hello again.'));
    await server.boot();

    expect(ended).toMatchObject(signal === 'SIGKILL' ? { signal } : { code: 0, stderr: '' });
    const after = connect(server).beta.threads;
    for (const { id } of [streamed, polled].filter((thread) => thread !== undefined)) {
      const run = await eventually('the run has ended by itself', async () => (await after.runs.list(id)).data.find(({ status }) => status === 'completed'));
      expect(run.last_error).toBeNull();
      const messages = await after.messages.list(id, { order: 'asc' });
      expect(messages.data.map(textOf)).toEqual(['Hello', 'Hello again.']);
    }
    await model.verify();
    server.expectNoErrors();
    await server.remove();
  }, PATIENCE_MS);

  test('Ctrl-C in the terminal of npm start', async () => {
    const server = await TestServer.start({ npm: true, env: { MODEL_BASE_URL: model.baseUrl } });
    await connect(server).beta.threads.create();

    const { stderr } = await server.stop('SIGINT');

    expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('npm '))).toEqual([]);
    expect(await fetch(`${server.origin}/healthz`).then(() => 'still there', () => 'gone')).toBe('gone');
    await server.remove();
  }, PATIENCE_MS);
});
