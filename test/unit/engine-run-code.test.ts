import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { submitToolOutputs } from '../../shared/actions/submit-tool-outputs.ts';
import { NO_USAGE } from '../../shared/domain/usage.ts';
import { MOST_EXECUTIONS } from '../../shared/engine/offer-tools.ts';
import type { Outcome } from '../../shared/ports/sandbox.ts';
import { CodeStage, ONE_CALL, asks, code, says } from './code-stage.ts';
import { PROJECT } from './sample-records.ts';

// Code of a run: what is stored of an execution, what is told of it, and what the model is shown.

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
const logs = (text: string) => [{ type: 'logs', logs: text }];

describe('code that was executed', () => {
  it('is stored with its logs, images and files, which are there with the step', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('plot()')), says('See [it](sandbox:/mnt/data/out/a.csv).'));
    stage.sandbox.scripts.push({ logs: '42\n', images: [PNG], writes: { 'out/a.csv': 'x,y' } });

    const run = await stage.driven(await stage.newRun());

    const made = await stage.made();
    const csv = made.find(({ filename }) => filename === 'a.csv');
    const image = made.find(({ id }) => id !== csv?.id);
    expect([made.length, csv?.purpose, image?.purpose, image?.filename, image?.bytes]).toEqual([2, 'assistants_output', 'assistants_output', `${image?.id}.png`, 4]);
    expect(csv && (await stage.contentOf(csv))).toBe('x,y');
    expect(await stage.callsOf(run)).toEqual([
      { id: 'call_0', type: 'code_interpreter', input: 'plot()', outputs: [...logs('42\n'), { type: 'image', fileId: image?.id }], files: [{ path: 'out/a.csv', fileId: csv?.id, bytes: 3 }] },
    ]);
    expect(run).toMatchObject({ status: 'completed', codeSessions: 1, usage: { promptTokens: 20, completionTokens: 6 } });
    expect((await stage.stepsOf(run)).map((step) => [step.details.type, step.status, step.usage])).toEqual([['tool_calls', 'completed', ONE_CALL], ['message_creation', 'completed', ONE_CALL]]);
    expect(await stage.sessionOf(run)).toMatchObject({ session: 'session-1', mounted: [csv?.id], written: [{ path: 'out/a.csv', fileId: csv?.id }] });
    expect([stage.sandbox.live, await stage.incoming(), (await stage.blobsLeft()).length]).toEqual([['session-1'], [], 2]);
    expect(stage.shown).toEqual([expect.stringMatching(/^42\n\n\[image 1 was shown to the user\]\n\nFiles written: \/mnt\/data\/out\/a\.csv \(3 bytes\)/)]);

    // The images are told when their files are there, and the next message begins with them.
    expect(stage.outputsTold).toEqual([{ index: 0, ...logs('42\n')[0] }, { index: 1, type: 'image', image: { file_id: image?.id } }]);
    const message = stage.events.findLast((event) => event.type === 'thread.message.completed');
    expect(message).toMatchObject({
      message: {
        content: [{ type: 'image_file', image_file: { file_id: image?.id } }, { type: 'text', text: { annotations: [{ type: 'file_path', file_path: { file_id: csv?.id } }] } }],
        attachments: [{ file_id: image?.id, tools: [{ type: 'code_interpreter' }] }, { file_id: csv?.id }],
      },
    });
  });

  it('comes before the functions of the same answer, call by call, and the first step has the usage', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(['f', '{"n":1}'], code('a'), code('b')), says('Done.'));
    stage.sandbox.scripts.push({ logs: 'A' }, { logs: 'B' });
    const f = { type: 'function' as const, function: { name: 'f' } };

    const waiting = await stage.driven(await stage.newRun({ tools: [{ type: 'code_interpreter' }, f] }));

    expect(waiting).toMatchObject({ status: 'requires_action', usage: ONE_CALL });
    const steps = await stage.stepsOf(waiting);
    expect(steps.map(({ details, status, usage }) => [details.type === 'tool_calls' && details.toolCalls.map(({ id }) => id), status, usage])).toEqual([
      [['call_1'], 'completed', ONE_CALL],
      [['call_2'], 'completed', NO_USAGE],
      [['call_0'], 'in_progress', NO_USAGE],
    ]);
    const opened = stage.events.flatMap((event) => (event.type === 'thread.run.step.created' || event.type === 'thread.run.step.completed' ? [`${event.type.replace('thread.run.step.', '')} ${steps.findIndex(({ id }) => id === event.step.id)}`] : []));
    expect(opened).toEqual(['created 0', 'completed 0', 'created 1', 'completed 1', 'created 2']);

    await submitToolOutputs(stage.world(), { projectId: PROJECT, threadId: waiting.threadId, runId: waiting.id }, [{ toolCallId: 'call_0', output: 'F' }]);
    const run = await stage.driven(waiting);
    expect(run).toMatchObject({ status: 'completed', usage: { promptTokens: 20 } });
    expect(stage.shown).toEqual(['A', 'B', 'F']);
    expect(stage.sandbox.executed).toEqual([{ session: 'session-1', code: 'a' }, { session: 'session-1', code: 'b' }]);
  });

  it('shows its images in the run’s next message and in no other', async () => {
    await using stage = await CodeStage.start();
    const [further] = asks(code('b'));
    if (!further) throw new Error('it is there');
    stage.answers.push(asks(code('a')), [{ choices: [{ index: 0, delta: { content: 'Look.' }, finish_reason: null }] }, further], says('Done.'));
    stage.sandbox.scripts.push({ images: [PNG], writes: { 'a.csv': '1' } }, { writes: { 'b.csv': '2' } });
    await stage.driven(await stage.newRun());
    const names = new Map((await stage.made()).map(({ id, filename }) => [id, filename.replace(id, 'image')]));
    const messages = stage.events.flatMap((event) => (event.type === 'thread.message.completed' ? [event.message] : []));
    expect(messages.map(({ content, attachments }) => [content.map(({ type }) => type), attachments.map(({ file_id }) => names.get(file_id ?? ''))])).toEqual([
      [['image_file', 'text'], ['image.png', 'a.csv']],
      [['text'], ['b.csv']],
    ]);
  });

  it('uses the thread’s session, whichever run it is of', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('One.'), asks(code('b')), says('Two.'));
    stage.sandbox.scripts.push({}, {});
    const first = await stage.driven(await stage.newRun());
    await stage.clock.pass(300_000);
    const second = await stage.driven(await stage.newRun({ threadId: first.threadId }));
    expect([first.codeSessions, second.codeSessions, stage.sandbox.opened]).toEqual([1, 1, 1]);
    expect(await stage.sessionOf(second)).toMatchObject({ session: 'session-1', openedAtMs: stage.clock.nowMs() - 300_000, usedAtMs: stage.clock.nowMs() });
    expect(stage.shown).toEqual(['(no output)']);
  });
});

describe('logs', () => {
  const told: [Outcome, boolean, string, string][] = [
    ['ok', false, 'x', 'x'],
    ['error', false, 'Traceback\n', 'Traceback\n'],
    ['timed_out', false, 'x', 'x\n[The code was stopped: it ran for longer than 120 seconds.]\n'],
    ['timed_out', true, 'x\n', 'x\n[The code was stopped: it ran for longer than 120 seconds. Its session has ended with it: variables are gone, and so is what was written by this call.]\n'],
    ['out_of_memory', false, '', '[The code was stopped: it took more memory than there is for it.]\n'],
    ['too_much_data', false, 'x', 'x\n[The code was stopped: its files took more room than there is for them.]\n'],
    ['killed', false, 'x', 'x\n[The interpreter ended while the code ran.]\n'],
  ];

  it.each(told)('of an execution that ends with %s (the session too: %s)', async (outcome, isOver, said, expected) => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    stage.sandbox.scripts.push({ outcome, isOver, logs: said });
    const run = await stage.driven(await stage.newRun());
    expect([run.status, await stage.callsOf(run)]).toMatchObject(['completed', [{ outputs: logs(expected) }]]);
    expect(stage.toldLogs.join('')).toBe(expected);
    expect(stage.shown).toEqual([expected.trimEnd()]);
  });

  it('are told at once and then together, and add up to what is stored', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    stage.sandbox.scripts.push(async ({ onLogs }) => {
      for (const letter of 'abc') onLogs?.(letter);
      await gates[0]?.promise;
      for (const letter of 'de') onLogs?.(letter);
      await gates[1]?.promise;
      onLogs?.('f');
      return { logs: 'abcdef', outcome: 'killed' };
    });
    const run = await stage.newRun();
    const driving = stage.drive(run);
    await stage.until(() => stage.toldLogs.length > 0);
    expect(stage.toldLogs).toEqual(['a']);
    await stage.clock.pass(50);
    expect(stage.toldLogs).toEqual(['a', 'bc']);
    gates[0]?.resolve();
    await turn();
    expect(stage.toldLogs).toEqual(['a', 'bc']);
    await stage.clock.pass(50);
    expect(stage.toldLogs).toEqual(['a', 'bc', 'de']);
    gates[1]?.resolve();
    await driving;
    expect(stage.toldLogs.slice(3)).toEqual(['f', '\n[The interpreter ended while the code ran.]\n']);
    expect(await stage.callsOf(run)).toMatchObject([{ outputs: logs(stage.toldLogs.join('')) }]);
  });

  it('that are none are no output', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(code('a')), says('Done.'));
    stage.sandbox.scripts.push({});
    const run = await stage.driven(await stage.newRun());
    expect([(await stage.callsOf(run))[0]?.outputs, stage.outputsTold]).toEqual([[], []]);
  });
});

describe('code that is not executed', () => {
  it.each(['', '{}', '{"code":" \\n"}', '{"cod'])('because there is none in %j: the model is told, and no session begun', async (args) => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(['code_interpreter', args]), says('Done.'));
    const run = await stage.driven(await stage.newRun());
    expect([run.status, run.codeSessions, stage.sandbox.opened, await stage.sessionOf(run)]).toEqual(['completed', undefined, 0, undefined]);
    expect(await stage.callsOf(run)).toMatchObject([{ outputs: logs('Error: there was no code. Call again with {"code": "…"}.') }]);
    expect(stage.toldLogs).toEqual(['Error: there was no code. Call again with {"code": "…"}.']);
  });

  it('time after time ends the run', async () => {
    await using stage = await CodeStage.start();
    for (let n = 0; n < 8; n++) stage.answers.push(asks(code('')));
    const run = await stage.driven(await stage.newRun());
    expect(run).toMatchObject({ status: 'failed', lastError: { message: 'The model kept calling functions without answering.' }, usage: { promptTokens: 80 } });
  });

  it('because the run’s executions are used up: then it is not offered either', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(...Array.from({ length: MOST_EXECUTIONS + 1 }, (_, n) => code(`${n}`))), asks(code('more')), says('Done.'));
    for (let n = 0; n < MOST_EXECUTIONS; n++) stage.sandbox.scripts.push({});
    const run = await stage.driven(await stage.newRun());
    expect([run.status, stage.sandbox.executed.length, stage.requests.map(({ tool_choice: choice }) => choice)]).toEqual(['completed', MOST_EXECUTIONS, [undefined, 'none', 'none']]);
    // An answer's usage is told once, by its first step.
    expect(run.usage).toEqual({ promptTokens: 30, completionTokens: 9, cachedTokens: 0, reasoningTokens: 0 });
    const [last, beyond] = (await stage.callsOf(run)).slice(MOST_EXECUTIONS - 1);
    expect([last?.outputs, beyond?.outputs]).toEqual([[], logs('Error: a run can execute code 100 times, and that was done. Answer with what you have.')]);
  });
});
