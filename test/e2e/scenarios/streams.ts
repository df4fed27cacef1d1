import { describe, expect, test } from '@jest/globals';
import { calls, hold, text, tokens } from '../../support/scripted-model.ts';
import type { Run } from '../clients/client.ts';
import { type Stage, textOf } from '../stage.ts';
import { only, read, shape } from '../streams.ts';
import { functionTool, outputsFor } from '../tools.ts';

const MESSAGE = ['run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.delta', 'message.completed', 'run.step.completed'];
const BEGIN = ['run.created', 'run.queued', 'run.in_progress'];
const CALLS = ['run.step.created', 'run.step.in_progress', 'run.step.delta'];

export function streams(use: () => Stage): void {
  describe('streams, event by event', () => {
    test('of a plain answer', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('Hello to you', { pieces: ['Hello', ' to', ' you'], usage: { prompt: 9, completion: 3 } }));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      expect(shape(told.names)).toEqual([...BEGIN, ...MESSAGE, 'run.completed']);
      const [created, queued] = told.events;
      expect(created?.data).toEqual(queued?.data);
      expect(created?.data).toMatchObject({ status: 'queued', started_at: null, usage: null });
      const { id } = only(told, 'thread.message.created');
      const delta = (text: object) => ({ id, object: 'thread.message.delta', delta: { content: [{ index: 0, type: 'text', text }] } });
      expect(told.events.filter(({ event }) => event === 'thread.message.delta').map(({ data }) => data)).toEqual([delta({ value: 'Hello', annotations: [] }), delta({ value: ' to' }), delta({ value: ' you' })]);
      const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
      expect(only(told, 'thread.run.step.completed')).toMatchObject({ usage });
      expect(only(told, 'thread.message.created')).toMatchObject({ content: [], status: 'in_progress', completed_at: null });
      expect(only(told, 'thread.run.completed')).toMatchObject({ usage, expires_at: null });
    });

    test('of function calls, and of what follows their outputs', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a'), functionTool('b')] });
      stage.model.script(calls([{ name: 'a', arguments: { n: 1 } }, { name: 'b', arguments: '' }]));

      const asked = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));
      const run = await stage.runs.retrieve(only(asked, 'thread.run.requires_action').id, { thread_id });
      stage.model.script(text('Done.'));
      const answered = await read(await stage.runs.submitToolOutputs(run.id, { thread_id, tool_outputs: outputsFor(run), stream: true }));

      expect(shape(asked.names)).toEqual([...BEGIN, ...CALLS, 'run.requires_action']);
      expect(only(asked, 'thread.run.requires_action')).toEqual(run);
      expect(only(asked, 'thread.run.step.created')).toMatchObject({ status: 'in_progress', step_details: { type: 'tool_calls', tool_calls: [] } });
      const deltas = asked.events.flatMap((event) => (event.event === 'thread.run.step.delta' ? (event.data.delta.step_details as { tool_calls: unknown[] }).tool_calls : []));
      const [first, second] = run.required_action?.submit_tool_outputs.tool_calls ?? [];
      expect(deltas[0]).toEqual({ index: 0, id: first?.id, type: 'function', function: { name: 'a', arguments: '', output: null } });
      expect(deltas.filter((delta) => (delta as { id?: string }).id !== undefined)).toEqual([deltas[0], { index: 1, id: second?.id, type: 'function', function: { name: 'b', arguments: '', output: null } }]);
      expect(shape(answered.names)).toEqual(['run.step.completed', 'run.queued', 'run.in_progress', ...MESSAGE, 'run.completed']);
      expect(answered.events[0]?.data).toMatchObject({ id: only(asked, 'thread.run.step.created').id, usage: { total_tokens: 15 }, step_details: { tool_calls: [{ id: first?.id, function: { output: 'output of a' } }, { id: second?.id, function: { output: 'output of b' } }] } });
    });

    test('of a text that calls follow', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([{ name: 'a', arguments: { n: 1 } }], { text: 'Let me see.' }));

      const asked = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));
      const run = await stage.runs.retrieve(only(asked, 'thread.run.requires_action').id, { thread_id });
      stage.model.script(calls([{ name: 'a', arguments: { n: 2 } }]));
      const again = await read(await stage.runs.submitToolOutputs(run.id, { thread_id, tool_outputs: outputsFor(run), stream: true }));
      await stage.runs.cancel(run.id, { thread_id });

      expect(shape(asked.names)).toEqual([...BEGIN, ...MESSAGE, ...CALLS, 'run.requires_action']);
      expect(shape(again.names)).toEqual(['run.step.completed', 'run.queued', 'run.in_progress', ...CALLS, 'run.requires_action']);
    });

    test('of a name that does not exist', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('real')] });
      stage.model.script(calls([{ name: 'unreal', arguments: {} }]), text('Sorry.'));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      expect(shape(told.names)).toEqual([...BEGIN, ...CALLS, 'run.step.completed', ...MESSAGE, 'run.completed']);
    });

    test('of a thread and its run', async () => {
      const stage = use();
      const assistant = await stage.newAssistant();
      stage.model.script(text('Hi.'));

      const told = await read(await stage.threads.createAndRun({ assistant_id: assistant.id, stream: true, thread: { messages: [{ role: 'user', content: 'Hello' }], metadata: { k: 'v' } } }));

      expect(shape(told.names)).toEqual(['created', ...BEGIN, ...MESSAGE, 'run.completed']);
      const thread = only(told, 'thread.created');
      expect(thread).toMatchObject({ object: 'thread', metadata: { k: 'v' } });
      expect((await stage.messagesOf(thread.id)).map(textOf)).toEqual(['Hello', 'Hi.']);
    });

    test('of two thousand tokens add up to the text that is stored', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(tokens(2000));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      expect(told.names.filter((name) => name === 'thread.message.delta')).toHaveLength(2000);
      expect(textOf((await stage.messagesOf(thread_id)).at(-1))).toBe(Array.from({ length: 2000 }, () => 'token').join(' '));
    });

    test('of characters that the model cuts in two put them together', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('Hi 😀!', { pieces: ['Hi \ud83d', '\ude00', '!'] }));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      expect(told.names.at(-1)).toBe('thread.run.completed');
      expect(textOf((await stage.messagesOf(thread_id)).at(-1))).toBe('Hi 😀!');
    });

    test('of many threads at once do not mix', async () => {
      const stage = use();
      const assistant = await stage.newAssistant();
      const numbers = Array.from({ length: 20 }, (_, n) => n);
      for (const n of numbers) stage.model.scriptFor(({ messages }) => messages[0]?.content === `ask ${n}`, text(`answer ${n} ${'word '.repeat(n)}`));

      const answers = await Promise.all(
        numbers.map(async (n) => {
          const told = await read(await stage.threads.createAndRun({ assistant_id: assistant.id, thread: { messages: [{ role: 'user', content: `ask ${n}` }] }, stream: true }));
          return textOf(only(told, 'thread.message.completed'));
        }),
      );

      expect(answers).toEqual(numbers.map((n) => `answer ${n} ${'word '.repeat(n)}`));
    });

    test('come piece by piece, while the model still speaks', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step);

      const names: string[] = [];
      let meanwhile: Run | undefined;
      for await (const { event } of await stage.runs.create(thread_id, { assistant_id, stream: true })) {
        names.push(event);
        if (event !== 'thread.message.delta' || meanwhile) continue;
        meanwhile = (await stage.runs.list(thread_id)).data[0];
        step.release();
      }

      expect(meanwhile?.status).toBe('in_progress');
      expect(names.slice(names.indexOf('thread.message.delta'))).toEqual(['thread.message.delta', 'thread.message.delta', 'thread.message.completed', 'thread.run.step.completed', 'thread.run.completed']);
    });

    test('that nobody listens to any more run on', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step);
      const stream = await stage.runs.create(thread_id, { assistant_id, stream: true });
      for await (const event of stream) if (event.event === 'thread.message.delta') break;
      stream.controller.abort();

      step.release();
      const run = await stage.runs.poll((await stage.runs.list(thread_id)).data[0]?.id ?? '', { thread_id });

      expect(run).toMatchObject({ status: 'completed', usage: { total_tokens: 15 } });
      expect((await stage.messagesOf(thread_id)).map(textOf)).toEqual(['Hello', 'Hello you']);
    });

    test('refuse with an ordinary error what cannot begin', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();

      const noThread = await stage.failure(stage.runs.create('thread_none', { assistant_id, stream: true }));
      const noAssistant = await stage.failure(stage.runs.create(thread_id, { assistant_id: 'asst_none', stream: true }));

      const noRun = await stage.failure(stage.runs.submitToolOutputs('run_none', { thread_id, tool_outputs: [], stream: true }));

      expect(noRun).toMatchObject({ status: 404, message: "No run found with id 'run_none'." });
      expect(noThread).toMatchObject({ status: 404, message: "No thread found with id 'thread_none'." });
      expect(noAssistant).toMatchObject({ status: 404, message: "No assistant found with id 'asst_none'." });
    });
  });
}
