/** What a sandbox on this machine can do that others cannot: tell what code writes while it runs, and show what is left of it. */
import { describe, expect, test } from '@jest/globals';
import { descendants, stillThere } from '../support/processes.ts';
import { calls, text } from '../support/scripted-model.ts';
import { openai7 } from './clients/openai-7.ts';
import { CODE, code, codeCalls, execute, logsOf, newCoder, outcome, shownToModel } from './code-interpreter.ts';
import { upload } from './files.ts';
import { begun, logsTold } from './scenarios/code-interpreter-ends.ts';
import { follow } from './scenarios/follow.ts';
import { type Stage, eventually, useStage } from './stage.ts';
import { type Told, merged, read, shape } from './streams.ts';
import type { TestServer } from '../support/server.ts';

const use = useStage(openai7);

const PRINTING = "import time\nfor n in range(10**9):\n  print('line', n, flush=True)\n  time.sleep(0.01)";

const written = (told: Told, text: string) => eventually(`it has written ${text}`, () => Promise.resolve(logsTold(told).includes(text) || undefined));

/** All that runs in the sessions of a server. */
const atWork = ({ server }: Stage<TestServer>) => descendants(server.pid);

describe('logs', () => {
  test('are told while the code runs, also to those who come later; what was written stays when it is cancelled', async () => {
    const stage = use();
    const pair = await newCoder(stage);
    const { told, reading, run } = await begun(stage, pair, PRINTING);
    await written(told, 'line 3\n');
    const late: Told = { names: [], events: [] };
    const following = read(await follow(stage, run), late);
    await written(late, 'line 8\n');

    await stage.runs.cancel(run.id, run);
    await Promise.all([reading, following]);

    expect(shape(told.names).slice(-3)).toEqual(['run.cancelling', 'run.step.cancelled', 'run.cancelled']);
    const [step] = await stage.stepsOf(run);
    expect(step?.status).toBe('cancelled');
    expect(codeCalls(step)[0]?.code_interpreter.input).toBe(PRINTING);
    expect(logsOf(step)).toMatch(/^line 0\nline 1\n[^]*line 8\n/);
    expect(logsOf(step)).toBe(logsTold(told));
    expect(merged(late.events)).toEqual(merged(told.events));
    expect(merged((await read(await follow(stage, run))).events)).toEqual(merged(told.events));
  });

  test('of code that writes fast are told together', async () => {
    const stage = use();
    const { assistant_id, thread_id } = await newCoder(stage);
    stage.model.script(calls([code("import time\nfor n in range(2000):\n  print('line', n, flush=True)\n  time.sleep(0.0005)")]), text('Done.'));

    const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

    expect(logsTold(told).split('\n')).toHaveLength(2001);
    expect(told.names.filter((name) => name === 'thread.run.step.delta').length).toBeLessThan(500);
  });
});

describe('processes', () => {
  const FAMILY = "import subprocess\nsubprocess.Popen(['sleep', '600'])\nsubprocess.Popen(['setsid', 'sleep', '600'])\nprint('begun', flush=True)\nwhile True: pass";

  test('of a thread go with it, while its code runs', async () => {
    const stage = use();
    const before = atWork(stage);
    const pair = await newCoder(stage);
    const { told, reading } = await begun(stage, pair, FAMILY);
    await written(told, 'begun');
    const those = atWork(stage).filter(({ pid }) => !before.some((known) => known.pid === pid));

    await stage.threads.delete(pair.thread_id);

    expect(those.length).toBeGreaterThanOrEqual(5);
    await stage.failure(reading);
    await eventually('they have ended', () => Promise.resolve(stillThere(those).length === 0 || undefined));
  });

  test('of a thread go with it when nothing runs', async () => {
    const stage = use();
    const before = atWork(stage);
    const pair = await newCoder(stage);
    await execute(stage, pair, 'kept = 1');
    const those = atWork(stage).filter(({ pid }) => !before.some((known) => known.pid === pid));

    await stage.threads.delete(pair.thread_id);

    expect(those.length).toBeGreaterThanOrEqual(3);
    await eventually('they have ended', () => Promise.resolve(stillThere(those).length === 0 || undefined));
  });

  test('are not more than there is room for: a session that others have pushed out is begun anew, with its files', async () => {
    const stage = use();
    const assistant = await stage.newAssistant({ tools: [CODE] });
    const threads = await Promise.all(Array.from({ length: 20 }, (_, n) => stage.newThread(`Thread ${n}.`)));
    for (const [n] of threads.entries()) {
      const ask = code(`own = ${n}\nopen('/mnt/data/own.txt', 'w').write('${n}');`);
      stage.model.scriptFor(({ messages }) => JSON.stringify(messages).includes(`Thread ${n}.`), calls([ask]), text('First.'), calls([code("print(open('/mnt/data/own.txt').read(), globals().get('own'))")]), text('Done.'));
    }
    const pairs = threads.map(({ id }) => ({ assistant_id: assistant.id, thread_id: id }));

    await Promise.all(pairs.map(({ thread_id, assistant_id }) => stage.runs.createAndPoll(thread_id, { assistant_id })));
    const done = await Promise.all(pairs.map(async ({ thread_id, assistant_id }) => outcome(stage, await stage.runs.createAndPoll(thread_id, { assistant_id }))));

    expect(done.map(({ run }) => run.status)).toEqual(done.map(() => 'completed'));
    const logs = done.map((each) => each.logs[0] ?? '');
    for (const [n, said] of logs.entries()) expect([`${n} ${n}\n`, `${n} None\n`]).toContain(said);
    expect(logs.filter((said) => said.endsWith('None\n')).length).toBeGreaterThanOrEqual(4);
  });
});

describe('bounds', () => {
  test('a run executes code a hundred times, and can still answer', async () => {
    const stage = use();
    const { assistant_id, thread_id } = await newCoder(stage);
    stage.model.script(calls(Array.from({ length: 101 }, (_, n) => code(`print(${n})`))), text('Enough.'));

    const { run, logs } = await outcome(stage, await stage.runs.createAndPoll(thread_id, { assistant_id }));

    expect([run.status, logs.length, logs[99]]).toEqual(['completed', 101, '99\n']);
    expect(logs[100]).toMatch(/can execute code 100 times/);
    // The function stands there for the calls before, and can be called no more.
    expect(stage.model.requests.map(({ body }) => body.tool_choice ?? 'auto')).toEqual(['auto', 'none']);
  });

  test('a file that is too large for a session is not there, and the model is told', async () => {
    const stage = use();
    const [large, small] = [await stage.client.files.create({ file: new File([new Uint8Array(100_000_001)], 'large.bin'), purpose: 'assistants' }), await upload(stage, 'small.txt', 'small')];
    const pair = await newCoder(stage, { tool_resources: { code_interpreter: { file_ids: [large.id, small.id] } } });

    const { run, logs } = await execute(stage, pair, "import os\nprint(os.path.exists('/mnt/data/large.bin'), open('/mnt/data/small.txt').read())");

    expect([run.status, logs]).toEqual(['completed', ['False small\n']]);
    expect(shownToModel(stage)).toContain('"large.bin" is not there: it has 100000001 bytes, and 100000000 are the most.');
  });
});
