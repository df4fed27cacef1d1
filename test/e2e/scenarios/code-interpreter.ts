import { describe, expect, test } from '@jest/globals';
import { calls, text } from '../../support/scripted-model.ts';
import type { Message, RunStep } from '../clients/client.ts';
import { CODE, SALES, attachedTo, code, codeCalls, contentOf, execute, finished, imagesOf, linksIn, logsOf, newCoder, outcome, picturesIn, shownToModel, sizeOf } from '../code-interpreter.ts';
import { upload } from '../files.ts';
import { type Stage, textOf } from '../stage.ts';
import { listen, merged, only, read, shape } from '../streams.ts';
import { functionTool, openCalls, outputsFor } from '../tools.ts';
import { follow } from './follow.ts';

/** Adds the units up: a picture of 400 by 300, a table, a line. */
const totals = (from: string): string =>
  [
    'import pandas as pd, matplotlib.pyplot as plt',
    `df = pd.read_csv('${from}')`,
    "df['total'] = df['units'].cumsum()",
    "df.to_csv('/mnt/data/totals.csv', index=False)",
    'figure, axes = plt.subplots(figsize=(4, 3), dpi=100)',
    "df.plot(x='month', y='total', ax=axes)",
    'plt.show()',
    "print('sum', df['units'].sum())",
  ].join('\n');
const TOTALS = 'month,units,total\nJan,3,3\nFeb,5,8\nMar,4,12\n';
const LINK = 'sandbox:/mnt/data/totals.csv';
const ANSWER = `📈 Units: [totals](${LINK}).`;
const ANSWER_PIECES = ['📈 Units: [totals](sand', 'box:/mnt/data/to', 'tals.csv', ').'];
const asCode = (file_id: unknown) => ({ file_id, tools: [CODE] });

/** An assistant that has the sales, and a thread. */
async function newAccountant(stage: Stage) {
  const sales = await upload(stage, 'sales.csv', SALES);
  return { sales, ...(await newCoder(stage, { tool_resources: { code_interpreter: { file_ids: [sales.id] } } })) };
}

const toldStep = ({ events }: { events: { event: string; data: unknown }[] }) => events.find(({ event }) => event === 'thread.run.step.completed')?.data as RunStep;

export function codeInterpreter(use: () => Stage): void {
  describe('code interpreter', () => {
    test('reads a table, draws it and writes another, which can be downloaded', async () => {
      const stage = use();
      const { sales, assistant_id, thread_id } = await newAccountant(stage);
      const source = totals(`/mnt/data/${sales.id}`);
      stage.model.script(calls([code(source)]), text(ANSWER, { pieces: ANSWER_PIECES }));

      const { run, steps, message } = await finished(stage, { assistant_id, thread_id });

      expect(run).toMatchObject({ status: 'completed', usage: { total_tokens: 30 } });
      expect(steps.map(({ type, status, usage }) => [type, status, usage?.total_tokens])).toEqual([['tool_calls', 'completed', 15], ['message_creation', 'completed', 15]]);
      const [call] = codeCalls(steps[0]);
      expect(call).toEqual({ id: expect.stringMatching(/^call_/) as unknown, type: 'code_interpreter', code_interpreter: { input: source, outputs: [{ type: 'logs', logs: 'sum 12\n' }, { type: 'image', image: { file_id: expect.stringMatching(/^file-/) as unknown } }] } });
      const [image] = imagesOf(steps[0]);
      expect(message?.content.map(({ type }) => type)).toEqual(['image_file', 'text']);
      expect([picturesIn(message), textOf(message)]).toEqual([[image], `(image_file)|${ANSWER}`]);
      const [link, ...others] = linksIn(message);
      const file_id = link?.type === 'file_path' ? link.file_path.file_id : '';
      // Counted in characters as Python counts them.
      expect([link, others]).toEqual([{ type: 'file_path', text: LINK, start_index: 18, end_index: 18 + LINK.length, file_path: { file_id } }, []]);
      expect(message?.attachments).toEqual([asCode(image), asCode(file_id)]);
      const [table, png] = [await stage.client.files.retrieve(file_id), await stage.client.files.retrieve(image ?? '')];
      expect(table).toMatchObject({ purpose: 'assistants_output', filename: 'totals.csv', bytes: TOTALS.length, status: 'processed' });
      expect(png).toMatchObject({ purpose: 'assistants_output', filename: expect.stringMatching(/\.png$/) as unknown });
      expect((await contentOf(stage, file_id)).toString()).toBe(TOTALS);
      const picture = await contentOf(stage, image);
      expect([sizeOf(picture), picture.length]).toEqual([[400, 300], png.bytes]);
    });

    test('tells the model what there is, and what came of its code', async () => {
      const stage = use();
      const { sales, assistant_id, thread_id } = await newAccountant(stage);

      const { steps } = await execute(stage, { assistant_id, thread_id }, totals('/mnt/data/sales.csv'));

      const [first, second] = stage.model.requests.map(({ body }) => body);
      const offered = first?.tools?.map((tool) => (tool.type === 'function' ? tool.function : undefined));
      expect(offered).toMatchObject([{ name: 'code_interpreter', parameters: { type: 'object', properties: { code: { type: 'string' } }, required: ['code'] } }]);
      for (const named of ['sales.csv', sales.id]) expect(offered?.[0]?.description).toContain(named);
      const [call] = codeCalls(steps[0]);
      expect(second?.messages.slice(-2)).toMatchObject([{ role: 'assistant', tool_calls: [{ id: call?.id, function: { name: 'code_interpreter', arguments: JSON.stringify({ code: call?.code_interpreter.input }) } }] }, { role: 'tool', tool_call_id: call?.id }]);
      expect(shownToModel(stage)).toMatch(/^sum 12\n/);
      expect(shownToModel(stage)).toContain(LINK);
    });

    test('keeps variables and files from call to call and from run to run of a thread, for that thread alone', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const another = await newCoder(stage);

      const first = await execute(stage, pair, "kept = 41\nopen('/mnt/data/notes.txt', 'w').write('kept too');", 'kept + 1');
      const second = await execute(stage, pair, "print(kept, open('notes.txt').read())");
      const foreign = await execute(stage, another, "import os\nprint('kept' in globals(), os.listdir('/mnt/data'))");

      expect([first.logs, second.logs, foreign.logs]).toEqual([['', '42\n'], ['41 kept too\n'], ['False []\n']]);
      expect(first.steps.map(({ type }) => type)).toEqual(['tool_calls', 'tool_calls', 'message_creation']);
      expect(first.message?.attachments).toHaveLength(1);
      expect([second.message?.attachments, foreign.message?.attachments]).toEqual([[], []]);
    });

    test('tells an error to the model, which may mend it', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      stage.model.script(calls([code('total = 1 / 0')], { text: 'Let me see.' }), calls([code('total = 1 / 4', 'total')], { text: 'Once more.', usage: { prompt: 50, completion: 7 } }), text('A quarter.'));

      const { run, steps, logs } = await finished(stage, pair);

      expect(run).toMatchObject({ status: 'completed', last_error: null, usage: { total_tokens: 87 } });
      expect(steps.map(({ type }) => type)).toEqual(['message_creation', 'tool_calls', 'message_creation', 'tool_calls', 'message_creation']);
      expect(steps.map(({ status, last_error }) => [status, last_error])).toEqual(steps.map(() => ['completed', null]));
      expect(steps.reduce((sum, { usage }) => sum + (usage?.total_tokens ?? Number.NaN), 0)).toBe(87);
      expect(logs).toEqual([expect.stringMatching(/^Traceback \(most recent call last\):\n[^]*total = 1 \/ 0[^]*\nZeroDivisionError: division by zero\n$/), '0.25\n']);
      const [, failed] = steps;
      const { messages = [] } = stage.model.requests[1]?.body ?? {};
      expect(messages.slice(-2)).toMatchObject([{ role: 'assistant', content: 'Let me see.', tool_calls: [{ function: { name: 'code_interpreter' } }] }, { role: 'tool', content: expect.stringContaining(logsOf(failed).trim()) as unknown }]);
      expect((await stage.messagesOf(pair.thread_id)).map(textOf)).toEqual(['Hello', 'Let me see.', 'Once more.', 'A quarter.']);
    });

    test('comes before the functions of the same answer, which the client answers then', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newCoder(stage, { tools: [functionTool('a'), CODE] });
      stage.model.script(calls([{ name: 'a', arguments: { n: 1 } }, code("print('executed')")]));

      const waiting = await stage.runs.createAndPoll(thread_id, { assistant_id });
      const asked = await stage.stepsOf(waiting);
      stage.model.script(text('Both.'));
      const done = await stage.runs.submitToolOutputsAndPoll(waiting.id, { thread_id, tool_outputs: outputsFor(waiting) });

      expect(openCalls(waiting).map(({ name }) => name)).toEqual(['a']);
      expect(asked.map((step) => [step.status, logsOf(step)])).toEqual([['completed', 'executed\n'], ['in_progress', '']]);
      expect(done).toMatchObject({ status: 'completed', usage: { total_tokens: 30 } });
      expect((await stage.stepsOf(done)).map(({ type, status }) => [type, status])).toEqual([['tool_calls', 'completed'], ['tool_calls', 'completed'], ['message_creation', 'completed']]);
      const told = stage.model.requests.at(-1)?.body.messages.flatMap((message) => (message.role === 'tool' ? [message.content] : []));
      expect(told).toEqual(expect.arrayContaining(['executed\n', 'output of a'].map((each) => expect.stringContaining(each.trim()) as unknown)));
    });

    test('is told in a stream in order: the code, its logs, its pictures; then the message with them', async () => {
      const stage = use();
      const { sales, assistant_id, thread_id } = await newAccountant(stage);
      const source = totals(`/mnt/data/${sales.id}`);
      stage.model.script(calls([code(source)]), text(ANSWER, { pieces: ANSWER_PIECES }));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      expect(shape(told.names)).toEqual([
        ...['run.created', 'run.queued', 'run.in_progress', 'run.step.created', 'run.step.in_progress', 'run.step.delta', 'run.step.completed'],
        ...['run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.delta', 'message.completed', 'run.step.completed', 'run.completed'],
      ]);
      const deltas = told.events.flatMap(({ event, data }) => (event === 'thread.run.step.delta' ? [data.delta.step_details] : []));
      const pieces = deltas.flatMap((details) => (details?.type === 'tool_calls' ? (details.tool_calls ?? []) : []));
      const [call] = codeCalls(toldStep(told));
      expect(pieces[0]).toEqual({ index: 0, id: call?.id, type: 'code_interpreter', code_interpreter: { input: '', outputs: [] } });
      const rest = pieces.slice(1).map((piece) => (piece.type === 'code_interpreter' ? piece.code_interpreter : undefined));
      const outputs = rest.flatMap((piece) => piece?.outputs ?? []);
      expect(rest.map((piece) => piece?.input ?? '').join('')).toBe(source);
      // In the order of the contract: no piece of the code comes behind an output.
      expect(rest.findLastIndex((piece) => piece?.input !== undefined)).toBeLessThan(rest.findIndex((piece) => piece?.outputs !== undefined));
      expect(outputs.flatMap((output) => (output.type === 'logs' ? [output.logs] : [])).join('')).toBe('sum 12\n');
      expect(outputs.at(-1)).toEqual({ index: 1, type: 'image', image: { file_id: imagesOf(toldStep(told))[0] } });
      const content = told.events.flatMap(({ event, data }) => (event === 'thread.message.delta' ? (data.delta.content ?? []) : []));
      expect(content[0]).toEqual({ index: 0, type: 'image_file', image_file: { file_id: imagesOf(toldStep(told))[0], detail: 'auto' } });
      expect(content.slice(1).every(({ index, type }) => index === 1 && type === 'text')).toBe(true);
      const completed = only(told, 'thread.message.completed');
      expect([textOf(completed), linksIn(completed).length, attachedTo(completed).length]).toEqual([`(image_file)|${ANSWER}`, 1, 2]);
      expect(completed).toEqual((await stage.messagesOf(thread_id)).at(-1));
      expect(merged((await read(await follow(stage, only(told, 'thread.run.completed')))).events)).toEqual(merged(told.events));
    });

    test('tells the stream helper all of it, and its finals are what is stored', async () => {
      const stage = use();
      const { sales, assistant_id, thread_id } = await newAccountant(stage);
      stage.model.script(calls([code(totals(`/mnt/data/${sales.id}`))]), text(ANSWER, { pieces: ANSWER_PIECES }));

      const stream = stage.runs.stream(thread_id, { assistant_id });
      const heard = listen(stream);
      const [run, messages, steps] = await Promise.all([stream.finalRun(), stream.finalMessages(), stream.finalRunSteps()]);

      const { steps: stored, message } = await outcome(stage, run);
      expect(heard.log.filter((entry) => /^(toolCall(Created|Done)|text(Created|Done)|imageFileDone|messageDone|runStepDone|error)/.test(entry))).toEqual(['toolCallCreated code_interpreter', 'toolCallDone', 'runStepDone completed', 'textCreated', 'imageFileDone', `textDone ${ANSWER}`, 'messageDone', 'runStepDone completed']);
      expect(heard.log.filter((entry) => entry === 'toolCallDelta').length).toBeGreaterThan(1);
      expect(heard.calls).toMatchObject([{ type: 'code_interpreter', code_interpreter: codeCalls(stored[0])[0]?.code_interpreter }]);
      expect(run).toEqual(await stage.runs.retrieve(run.id, { thread_id }));
      expect(messages).toMatchObject([{ id: message?.id, content: message?.content.map(finalPart) }]);
      expect(steps).toMatchObject(stored.map(({ id, usage }) => ({ id, status: 'completed', usage })));
      expect(steps[0]?.step_details).toMatchObject(stored[0]?.step_details ?? {});
    });

    test('makes its thread by createAndRunStream, with files of the thread and of a message', async () => {
      const stage = use();
      const [ofThread, ofMessage] = [await upload(stage, 'a.txt', 'one'), await upload(stage, 'b.txt', 'two')];
      const assistant = await stage.newAssistant({ tools: [CODE] });
      stage.model.script(calls([code(`print(*(open('/mnt/data/' + name).read() for name in ['${ofThread.id}', 'a.txt', '${ofMessage.id}', 'b.txt']))`)]), text('Read.'));

      const stream = stage.threads.createAndRunStream({
        assistant_id: assistant.id,
        thread: { messages: [{ role: 'user', content: 'Read this.', attachments: [{ file_id: ofMessage.id, tools: [CODE] }] }], tool_resources: { code_interpreter: { file_ids: [ofThread.id] } } },
      });
      const [run, steps] = [await stream.finalRun(), await stream.finalRunSteps()];

      expect([run.status, steps.map(logsOf)]).toEqual(['completed', ['one one two two\n', '']]);
      expect((await stage.threads.retrieve(run.thread_id)).tool_resources?.code_interpreter?.file_ids).toEqual([ofThread.id, ofMessage.id]);
    });

    test('can be chosen for the first call to the model, and that alone', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newCoder(stage);
      stage.model.script(calls([code('1 + 1')]), text('Two.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id, tool_choice: CODE });

      expect(run).toMatchObject({ status: 'completed', tool_choice: CODE });
      expect(stage.model.requests.map(({ body }) => body.tool_choice ?? 'auto')).toEqual([{ type: 'function', function: { name: 'code_interpreter' } }, 'auto']);
      expect((await outcome(stage, run)).logs).toEqual(['2\n']);
    });
  });
}

/** A part as the helpers have it: they leave out of a picture what its delta does not say. */
const finalPart = (part: Message['content'][number]): unknown => (part.type === 'image_file' ? { type: part.type, image_file: { file_id: part.image_file.file_id } } : part);
