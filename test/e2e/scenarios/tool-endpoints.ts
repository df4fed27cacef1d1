/** Calls of functions that the project's own endpoints answer, all of them: the client sees a run that never asks it for anything. */
import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { calls, text } from '../../support/scripted-model.ts';
import { type Stage, eventually, textOf } from '../stage.ts';
import { type Told, merged, read, shape } from '../streams.ts';
import { functionTool } from '../tools.ts';
import { follow } from './follow.ts';
import { Answerer, deleteEndpoint, outputsOf } from '../tool-endpoints.ts';

const call = (name: string, n = 1) => ({ name, arguments: { n } });

export function toolEndpoints(use: () => Stage): void {
  describe('tool endpoints', () => {
    test('answer a call without the client', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['get_weather']);
      const { receiver, endpoints: [endpoint] } = answerer;
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('get_weather')] });
      stage.model.script(calls([call('get_weather', 7)]), text('It is sunny.', { usage: { prompt: 40, completion: 6 } }));
      receiver.answer = () => 'sunny';

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run).toMatchObject({ status: 'completed', required_action: null, usage: { prompt_tokens: 50, completion_tokens: 11 } });
      expect(textOf((await stage.messagesOf(thread_id)).at(-1))).toBe('It is sunny.');
      const [received, ...more] = receiver.received;
      expect(more).toEqual([]);
      expect(received).toMatchObject({ path: '/get_weather', headers: { 'content-type': 'application/json' } });
      expect(received?.call).toEqual({
        id: expect.stringMatching(/^call_/),
        object: 'thread.run.tool_call',
        type: 'function',
        function: { name: 'get_weather', arguments: '{"n":7}' },
        thread_id,
        run_id: run.id,
        assistant_id,
        created_at: expect.any(Number),
      });
      expect(new Webhook(endpoint?.signing_secret ?? '').verify(received?.body ?? '', received?.headers ?? {})).toEqual(received?.call);
      const [step, last] = await stage.stepsOf(run);
      expect(received?.headers['webhook-id']).toBe(`${step?.id}_0`);
      expect(step).toMatchObject({ type: 'tool_calls', status: 'completed', usage: { total_tokens: 15 }, step_details: { tool_calls: [{ id: received?.call.id, type: 'function', function: { name: 'get_weather', arguments: '{"n":7}', output: 'sunny' } }] } });
      expect(last).toMatchObject({ type: 'message_creation', status: 'completed' });
      expect(stage.model.requests[1]?.body.messages.slice(1)).toEqual([
        { role: 'assistant', tool_calls: [{ id: received?.call.id, type: 'function', function: { name: 'get_weather', arguments: '{"n":7}' } }] },
        { role: 'tool', tool_call_id: received?.call.id, content: 'sunny' },
      ]);
    });

    test('are shown by a stream, which goes on to the end', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['a', 'b']);
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a'), functionTool('b')] });
      stage.model.script(calls([call('a'), call('b', 2)], { text: 'Let me see.' }), text('Done.', { pieces: ['Done.'] }));

      const stream = stage.runs.stream(thread_id, { assistant_id });
      const names: string[] = [];
      const outputs: unknown[] = [];
      stream.on('event', ({ event, data }) => {
        names.push(event);
        if (event === 'thread.run.step.completed' && data.step_details.type === 'tool_calls') outputs.push(...data.step_details.tool_calls);
      });
      const run = await stream.finalRun();

      expect(run.status).toBe('completed');
      expect(names).not.toContain('thread.run.requires_action');
      expect(shape(names).filter((name) => !name.includes('delta'))).toEqual([
        'run.created', 'run.queued', 'run.in_progress',
        'run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.completed', 'run.step.completed',
        'run.step.created', 'run.step.in_progress', 'run.step.completed',
        'run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.completed', 'run.step.completed',
        'run.completed',
      ]);
      expect(outputs).toMatchObject([{ function: { name: 'a', output: 'answer of a' } }, { function: { name: 'b', output: 'answer of b' } }]);
      expect((await stream.finalMessages()).map(textOf)).toEqual(['Let me see.', 'Done.']);
      expect(answerer.receiver.received).toHaveLength(2);
    });

    test('are shown to a follower too, who comes while they answer', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['a', 'b']);
      const { promise, resolve: release } = Promise.withResolvers<void>();
      answerer.receiver.answer = ({ call: { function: called } }) => promise.then(() => `from ${called.name}`);
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a'), functionTool('b')] });
      stage.model.script(calls([call('a'), call('b', 2)]), text('Done.'));

      const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }));
      await answerer.receiver.reached(2);
      const [run] = (await stage.runs.list(thread_id)).data;
      if (!run) throw new Error('there is no run');
      const told: Told = { names: [], events: [] };
      const following = read(await follow(stage, run), told);
      await eventually('the open step is told', async () => (told.names.includes('thread.run.step.delta') ? true : undefined));
      release();
      const original = await reading;

      expect(merged((await following).events)).toEqual(merged(original.events));
      expect(merged((await read(await follow(stage, run))).events)).toEqual(merged(original.events));
      expect(original.names.at(-1)).toBe('thread.run.completed');
    });

    test('are asked all at once, one function twice too', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['a', 'b']);
      const { receiver } = answerer;
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a'), functionTool('b')] });
      stage.model.script(calls([call('a', 1), call('b', 2), call('a', 3)]), text('Done.'));
      // Nobody is answered before all have come.
      receiver.answer = async ({ call: { function: called } }) => {
        await receiver.reached(3);
        return `${called.name} ${called.arguments}`;
      };

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run.status).toBe('completed');
      expect(await outputsOf(stage, run)).toEqual(['a {"n":1}', 'b {"n":2}', 'a {"n":3}']);
      expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
    });

    test('are asked as often as the model likes', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['a']);
      const { receiver } = answerer;
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      const rounds = Array.from({ length: 10 }, (_, n) => calls([call('a', n)]));
      stage.model.script(...rounds, text('Done.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run).toMatchObject({ status: 'completed', usage: { total_tokens: 11 * 15 } });
      expect(receiver.received.map(({ call: { function: called } }) => called.arguments)).toEqual(rounds.map((_, n) => `{"n":${n}}`));
    });

    test('are not asked for functions that do not exist', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['real', 'unreal']);
      const { receiver } = answerer;
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('real')] });
      stage.model.script(calls([call('unreal'), call('real')]), text('Done.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run.status).toBe('completed');
      expect(receiver.received.map(({ path }) => path)).toEqual(['/real']);
      expect(await outputsOf(stage, run)).toEqual([expect.stringMatching(/no function named "unreal"/), 'answer of real']);
    });

    test.each([
      ['a text', 'plain words', 'plain words'],
      ['an object with an output', '{"output":"the words","took":3}', 'the words'],
      ['an object without one', '{"temperature":21}', '{"temperature":21}'],
      ['an output that is no text', '{"output":{"temperature":21}}', '{"output":{"temperature":21}}'],
      ['a number', '21', '21'],
      ['nothing', '', ''],
      ['as much as is let through', 'x'.repeat(512 * 1024), 'x'.repeat(512 * 1024)],
    ])('may answer with %s', async (_, body, output) => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['a']);
      const { receiver } = answerer;
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([call('a')]), text('Done.'));
      receiver.answer = () => ({ status: 201, body });

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run.status).toBe('completed');
      expect(await outputsOf(stage, run)).toEqual([output]);
    });

    test('that are deleted leave their calls to the client', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['a']);
      const { receiver } = answerer;
      expect((await deleteEndpoint(stage, 'a')).status).toBe(200);
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([call('a')]));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run.status).toBe('requires_action');
      expect(receiver.received).toEqual([]);
      await stage.runs.cancel(run.id, { thread_id });
    });
  });
}
