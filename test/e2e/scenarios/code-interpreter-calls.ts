import { describe, expect, test } from '@jest/globals';
import { type CallSpec, calls, cut, length, text } from '../../support/scripted-model.ts';
import { CODE, code, codeCalls, execute, finished, logsOf, newCoder, outcome, shownToModel } from '../code-interpreter.ts';
import { newSearcher } from '../files.ts';
import { type Stage, textOf } from '../stage.ts';
import { read, shape } from '../streams.ts';
import { functionTool, openCalls, outputsFor } from '../tools.ts';
import { search, searchCalls } from './file-search.ts';

/** What a run comes to whose model makes these calls in one answer. */
async function called(stage: Stage, list: CallSpec[], settings: Parameters<typeof newCoder>[1] = {}) {
  const { assistant_id, thread_id } = await newCoder(stage, settings);
  stage.model.script(calls(list), text('Done.'));
  return finished(stage, { assistant_id, thread_id });
}

const namesIn = (stage: Stage) => stage.model.requests[0]?.body.tools?.map((tool) => (tool.type === 'function' ? tool.function.name : ''));

export function codeInterpreterCalls(use: () => Stage): void {
  describe('calls of code interpreter', () => {
    test('in one answer are steps one after the other, whose usage adds up', async () => {
      const stage = use();
      const { run, steps, logs } = await called(stage, [code('n = 1\nn'), code('n += 1\nn'), code('n += 1\nn')]);

      expect([run.status, logs]).toEqual(['completed', ['1\n', '2\n', '3\n']]);
      expect(steps.map((step) => [step.type, codeCalls(step).length])).toEqual([['tool_calls', 1], ['tool_calls', 1], ['tool_calls', 1], ['message_creation', 0]]);
      expect(new Set(steps.flatMap(codeCalls).map(({ id }) => id)).size).toBe(3);
      expect([run.usage?.total_tokens, steps.reduce((sum, { usage }) => sum + (usage?.total_tokens ?? Number.NaN), 0)]).toEqual([30, 30]);
      const { messages = [] } = stage.model.requests[1]?.body ?? {};
      expect(messages.flatMap((message) => (message.role === 'tool' ? [message.content] : []))).toEqual(['1', '2', '3'].map((each) => expect.stringContaining(each) as unknown));
    });

    test('in one answer are told in a stream one after the other', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newCoder(stage);
      stage.model.script(calls([code('1'), code('2')], { text: 'Twice.' }), text('Done.'));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      const step = ['run.step.created', 'run.step.in_progress', 'run.step.delta', 'run.step.completed'];
      const message = ['run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.delta', 'message.completed', 'run.step.completed'];
      expect(shape(told.names)).toEqual(['run.created', 'run.queued', 'run.in_progress', ...message, ...step, ...step, ...message, 'run.completed']);
    });

    test('are one an answer where the client wants it so', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newCoder(stage);
      stage.model.script(calls([code("print('first')"), code("print('second')")]), text('Done.'));

      const { logs } = await outcome(stage, await stage.runs.createAndPoll(thread_id, { assistant_id, parallel_tool_calls: false }));

      expect([logs, stage.model.requests[0]?.body.parallel_tool_calls]).toEqual([['first\n'], false]);
    });

    test('come before functions and searches, wherever they stand', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newSearcher(stage, undefined, { tools: [functionTool('a'), { type: 'file_search' }, CODE] });
      stage.model.script(calls([search('cheese'), { name: 'a', arguments: { n: 1 } }, code('1 + 1'), code('2 + 2')]));

      const waiting = await stage.runs.createAndPoll(thread_id, { assistant_id });
      const asked = await stage.stepsOf(waiting);
      stage.model.script(text('Done.'));
      const done = await stage.runs.submitToolOutputsAndPoll(waiting.id, { thread_id, tool_outputs: outputsFor(waiting) });

      expect(openCalls(waiting).map(({ name }) => name)).toEqual(['a']);
      expect(asked.map((step) => [logsOf(step), searchCalls(step).length, step.status])).toEqual([['2\n', 0, 'completed'], ['4\n', 0, 'completed'], ['', 1, 'in_progress']]);
      expect([done.status, done.usage?.total_tokens]).toEqual(['completed', 30]);
      expect((await stage.stepsOf(done)).reduce((sum, { usage }) => sum + (usage?.total_tokens ?? 0), 0)).toBe(30);
    });

    test('may follow upon functions that the client has answered, in the stream of the answers', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newCoder(stage, { tools: [functionTool('a'), CODE] });
      stage.model.script(calls([{ name: 'a', arguments: {} }]));
      const waiting = await stage.runs.createAndPoll(thread_id, { assistant_id });
      stage.model.script(calls([code('1 + 1')]), text('Two.'));

      const stream = stage.runs.submitToolOutputsStream(waiting.id, { thread_id, tool_outputs: outputsFor(waiting) });
      const [run, steps, messages] = [await stream.finalRun(), await stream.finalRunSteps(), await stream.finalMessages()];

      expect([run.status, run.usage?.total_tokens, messages.map(textOf)]).toEqual(['completed', 45, ['Two.']]);
      expect(steps.map(logsOf)).toContain('2\n');
      expect((await stage.stepsOf(run)).map((step) => [step.status, logsOf(step)])).toEqual([['completed', ''], ['completed', '2\n'], ['completed', '']]);
    });

    test.each<[string, CallSpec['arguments'], string]>([
      ['are raw code', "print('raw')", 'raw\n'],
      ['have a line break in them', '{"code": "print(1)\nprint(2)"}', '1\n2\n'],
      ['name it otherwise', { input: "print('named')" }, 'named\n'],
      ['are a string', '"print(3)"', '3\n'],
      ['end too early', '{"code": "print(4)', '4\n'],
    ])('are understood whose arguments %s', async (_, given, logs) => {
      const stage = use();

      const told = await called(stage, [{ name: 'code_interpreter', arguments: given }]);

      expect([told.run.status, told.logs]).toEqual(['completed', [logs]]);
      expect(shownToModel(stage)).toContain(logs.trim());
    });

    test.each<[string, CallSpec['arguments'], RegExp]>([
      ['nothing', { code: '' }, /there was no code/],
      ['white space', { code: ' \n ' }, /there was no code/],
      ['no code', { n: 1 }, /there was no code/],
      ['no arguments', '', /there was no code/],
      ['a comment', { code: '# nothing' }, /^$/],
    ])('of %s do nothing, and the run goes on', async (_, given, logs) => {
      const stage = use();

      const told = await called(stage, [{ name: 'code_interpreter', arguments: given }]);

      expect([told.run.status, told.logs, told.steps.length]).toEqual(['completed', [expect.stringMatching(logs)], 2]);
      expect(shownToModel(stage)).not.toBe('');
    });

    test('are taken for it when they say python, unless the client has that function', async () => {
      const stage = use();
      const python: CallSpec = { name: 'python', arguments: { code: '6 * 7' } };

      const ours = await called(stage, [python]);
      const { assistant_id, thread_id } = await newCoder(stage, { tools: [CODE, functionTool('python')] });
      stage.model.script(calls([python]));
      const theirs = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(ours.logs).toEqual(['42\n']);
      expect(openCalls(theirs).map(({ name }) => name)).toEqual(['python']);
      await stage.runs.cancel(theirs.id, { thread_id });
    });

    test('leave a function of the same name to the client', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newCoder(stage, { tools: [CODE, functionTool('code_interpreter')] });
      stage.model.script(calls([{ name: 'code_interpreter', arguments: { n: 1 } }, { name: 'code_interpreter_2', arguments: { code: '6 * 7' } }]));

      const waiting = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(namesIn(stage)).toEqual(expect.arrayContaining(['code_interpreter', 'code_interpreter_2']));
      expect(openCalls(waiting).map(({ name }) => name)).toEqual(['code_interpreter']);
      expect((await outcome(stage, waiting)).logs).toEqual(['42\n']);
      await stage.runs.cancel(waiting.id, { thread_id });
    });

    test('that are cut off by the limit of tokens are not executed', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newCoder(stage);
      stage.model.script(length([{ name: 'code_interpreter', arguments: '{"code":"open(\'/mnt/data/half.txt\', \'w\')' }]));

      const { run, steps } = await finished(stage, { assistant_id, thread_id });

      expect([run.status, run.incomplete_details?.reason, steps.map(logsOf)]).toEqual(['incomplete', 'max_completion_tokens', ['']]);
      expect((await execute(stage, { assistant_id, thread_id }, "import os\nos.listdir('/mnt/data')")).logs).toEqual(['[]\n']);
    });

    test('of an answer that breaks off are not executed', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      stage.model.script(cut([code("open('/mnt/data/half.txt', 'w').write('x')")]));

      const { run, steps } = await finished(stage, pair);

      expect([run.status, run.last_error?.code, steps.map(({ status }) => status), steps.map(logsOf)]).toEqual(['failed', 'server_error', ['failed'], ['']]);
      expect((await execute(stage, pair, "import os\nos.listdir('/mnt/data')")).logs).toEqual(['[]\n']);
    });

    test('are in what later runs see, with what came of them', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { steps } = await execute(stage, pair, "print('first')");
      stage.model.script(text('Second.'));

      const next = (await finished(stage, pair)).run;

      expect(next.status).toBe('completed');
      const { messages = [] } = stage.model.requests.at(-1)?.body ?? {};
      const [call] = codeCalls(steps[0]);
      if (messages.some(({ role }) => role === 'tool')) expect(shownToModel(stage, call?.id)).toContain('first');
      expect((await stage.messagesOf(pair.thread_id)).map(textOf)).toEqual(['Hello', 'Done.', 'Second.']);
    });

    test('show the model no more of a long output than it can take, and the client all that is kept', async () => {
      const stage = use();
      const { run, steps } = await called(stage, [code("print('begin')\nfor n in range(20_000): print('line', n)\nprint('end')")]);

      const logs = logsOf(steps[0]);
      expect(run.status).toBe('completed');
      expect(logs).toMatch(/^begin\nline 0\n[^]*\[… \d+ bytes of output left out …\][^]*\nend\n$/);
      expect(Buffer.byteLength(logs)).toBeLessThan(100_000);
      expect(shownToModel(stage)).toMatch(/^begin\nline 0\n[^]*\nend\n?/);
      expect(shownToModel(stage).length).toBeLessThan(logs.length);
    });
  });
}
