import { describe, expect, test } from '@jest/globals';
import { type CallSpec, calls, text } from '../../support/scripted-model.ts';
import type { Run } from '../clients/client.ts';
import { type Stage, textOf } from '../stage.ts';
import { functionTool, openCalls, outputsFor } from '../tools.ts';

const call = (name: string, args: CallSpec['arguments'] = { n: 1 }): CallSpec => ({ name, arguments: args });

/** A run that has asked for the functions that the model's first answer calls. */
async function waiting(stage: Stage, called: CallSpec[], names = [...new Set(called.map(({ name }) => name))]): Promise<Run> {
  const { assistant_id, thread_id } = await stage.newPair({ tools: names.map(functionTool) });
  stage.model.script(calls(called));
  return stage.runs.createAndPoll(thread_id, { assistant_id });
}

export function tools(use: () => Stage): void {
  describe('function tools', () => {
    test('are asked for, answered and used: one call', async () => {
      const stage = use();
      const run = await waiting(stage, [call('get_weather', { n: 7 })]);
      const { thread_id } = run;
      const [asked] = openCalls(run);
      const [open] = await stage.stepsOf(run);
      stage.model.script(text('It is sunny.', { usage: { prompt: 40, completion: 6 } }));

      const done = await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id, tool_outputs: outputsFor(run, () => 'sunny') });

      expect(run).toMatchObject({ usage: null, expires_at: run.created_at + 600, completed_at: null });
      expect(asked).toMatchObject({ name: 'get_weather', arguments: '{"n":7}' });
      expect(open).toMatchObject({ type: 'tool_calls', status: 'in_progress', usage: null, step_details: { tool_calls: [{ id: asked?.id, type: 'function', function: { name: 'get_weather', arguments: '{"n":7}', output: null } }] } });
      expect(done).toMatchObject({ status: 'completed', required_action: null, usage: { prompt_tokens: 50, completion_tokens: 11, total_tokens: 61 } });
      const [toolStep, messageStep] = await stage.stepsOf(run);
      expect(toolStep).toMatchObject({ id: open?.id, status: 'completed', usage: { total_tokens: 15 }, step_details: { tool_calls: [{ id: asked?.id, function: { output: 'sunny' } }] } });
      expect(messageStep).toMatchObject({ type: 'message_creation', status: 'completed', usage: { total_tokens: 46 } });
      expect(textOf((await stage.messagesOf(thread_id)).at(-1))).toBe('It is sunny.');
      expect(stage.model.requests[1]?.body.messages).toEqual([
        { role: 'user', content: 'Hello' },
        { role: 'assistant', tool_calls: [{ id: asked?.id, type: 'function', function: { name: 'get_weather', arguments: '{"n":7}' } }] },
        { role: 'tool', tool_call_id: asked?.id, content: 'sunny' },
      ]);
    });

    test('may be called three at once, the same one twice', async () => {
      const stage = use();
      const run = await waiting(stage, [call('a', { n: 1 }), call('b', { n: 2 }), call('a', { n: 3 })]);
      const asked = openCalls(run);
      stage.model.script(text('Done.'));

      const done = await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id: run.thread_id, tool_outputs: outputsFor(run, ({ arguments: given }) => given).reverse() });

      expect(asked.map(({ name, arguments: given }) => [name, given])).toEqual([['a', '{"n":1}'], ['b', '{"n":2}'], ['a', '{"n":3}']]);
      expect(new Set(asked.map(({ id }) => id)).size).toBe(3);
      expect(done.status).toBe('completed');
      expect(stage.model.requests[1]?.body.messages.slice(2)).toEqual(asked.map(({ id, arguments: given }) => ({ role: 'tool', tool_call_id: id, content: given })));
    });

    test('may be called 128 at once', async () => {
      const stage = use();
      const run = await waiting(stage, Array.from({ length: 128 }, (_, n) => call(`f${n % 4}`, { n })));
      stage.model.script(text('Done.'));

      const done = await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id: run.thread_id, tool_outputs: outputsFor(run) });

      expect(openCalls(run)).toHaveLength(128);
      expect(done.status).toBe('completed');
      expect(stage.model.requests[1]?.body.messages.filter(({ role }) => role === 'tool')).toHaveLength(128);
    });

    test('must be answered all together', async () => {
      const stage = use();
      const run = await waiting(stage, [call('a'), call('b')]);
      const { id, thread_id } = run;
      const [a, b] = openCalls(run).map((asked) => asked.id);
      const submit = (...given: string[]) => stage.failure(stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: given.map((tool_call_id) => ({ tool_call_id, output: 'x' })) }));

      const partial = await submit(a ?? '');
      const wrong = await submit(a ?? '', 'call_wrong');
      const more = await submit(a ?? '', b ?? '', 'call_more');
      const twice = await submit(a ?? '', a ?? '');
      const none = await submit();

      const expected = `Expected tool outputs for call_ids ['${a}', '${b}'], got `;
      expect([partial, wrong, more, twice, none].map(({ message }) => message)).toEqual([
        `${expected}['${a}']`,
        `${expected}['${a}', 'call_wrong']`,
        `${expected}['${a}', '${b}', 'call_more']`,
        `${expected}['${a}', '${a}']`,
        `${expected}[]`,
      ]);
      for (const failure of [partial, wrong, more, twice, none]) {
        expect(failure.error).toBeInstanceOf(stage.sdk.errors.BadRequestError);
        expect(failure).toMatchObject({ status: 400, type: 'invalid_request_error' });
      }
      expect(await stage.runs.retrieve(id, { thread_id })).toEqual(run);
      stage.model.script(text('Done.'));
      expect((await stage.runs.submitToolOutputsAndPoll(id, { thread_id, tool_outputs: outputsFor(run) })).status).toBe('completed');
    });

    test('resume the run as queued or in progress, and cannot be answered twice', async () => {
      const stage = use();
      const run = await waiting(stage, [call('a')]);
      const { id, thread_id } = run;
      const step = text('Done.').gated();
      stage.model.script(step);
      const tool_outputs = outputsFor(run);

      const resumed = await stage.runs.submitToolOutputs(id, { thread_id, tool_outputs });
      await step.reached;
      const active = await stage.failure(stage.runs.submitToolOutputs(id, { thread_id, tool_outputs }));
      step.release();
      const done = await stage.runs.poll(id, { thread_id });
      const over = await stage.failure(stage.runs.submitToolOutputs(id, { thread_id, tool_outputs }));

      expect(['queued', 'in_progress']).toContain(resumed.status);
      expect(resumed).toMatchObject({ required_action: null, expires_at: run.expires_at });
      expect(active).toMatchObject({ status: 400, message: 'Runs in status "in_progress" do not accept tool outputs.' });
      expect(done.status).toBe('completed');
      expect(over).toMatchObject({ status: 400, message: 'Runs in status "completed" do not accept tool outputs.' });
    });

    test('are taken once when they are sent twice at the same moment', async () => {
      const stage = use();
      const run = await waiting(stage, [call('a')]);
      const { id, thread_id } = run;
      const step = text('Done.').gated();
      stage.model.script(step);

      const sent = await Promise.allSettled([1, 2, 3].map((n) => stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(run, () => `${n}`) })));
      await step.reached;
      step.release();

      const refused = sent.filter((outcome) => outcome.status === 'rejected');
      expect(refused).toHaveLength(2);
      for (const { reason } of refused) expect(reason).toMatchObject({ status: 400, message: expect.stringMatching(/^400 Runs in status "(queued|in_progress)" do not accept tool outputs\.$/) as unknown });
      expect((await stage.runs.poll(id, { thread_id })).status).toBe('completed');
      expect(stage.model.requests).toHaveLength(2);
    });

    test('outlive their assistant', async () => {
      const stage = use();
      const run = await waiting(stage, [call('a')]);
      await stage.assistants.delete(run.assistant_id);
      stage.model.script(text('Done.'));

      const done = await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id: run.thread_id, tool_outputs: outputsFor(run) });

      expect(done).toMatchObject({ status: 'completed', tools: run.tools });
    });

    test('may be asked for again and again', async () => {
      const stage = use();
      let run = await waiting(stage, [call('a')]);
      const { id, thread_id } = run;

      for (let round = 2; round <= 4; round++) {
        stage.model.script(calls([call('a', { n: round }), call('a', { n: -round })]));
        run = await stage.runs.submitToolOutputsAndPoll(id, { thread_id, tool_outputs: outputsFor(run) });
        expect(openCalls(run).map(({ arguments: given }) => given)).toEqual([`{"n":${round}}`, `{"n":-${round}}`]);
      }
      stage.model.script(text('Done.'));
      run = await stage.runs.submitToolOutputsAndPoll(id, { thread_id, tool_outputs: outputsFor(run) });

      expect(run).toMatchObject({ status: 'completed', usage: { total_tokens: 5 * 15 } });
      expect((await stage.stepsOf(run)).map(({ type, status }) => `${type} ${status}`)).toEqual([...Array.from({ length: 4 }, () => 'tool_calls completed'), 'message_creation completed']);
      expect(stage.model.requests.at(-1)?.body.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', ...Array.from({ length: 3 }, () => ['assistant', 'tool', 'tool']).flat()]);
    });

    test('may follow a text of the same answer', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([call('a')], { text: 'Let me see.' }));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });
      stage.model.script(text('Seen.'));

      const done = await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id, tool_outputs: outputsFor(run) });

      expect(done).toMatchObject({ status: 'completed', usage: { total_tokens: 30 } });
      expect((await stage.stepsOf(run)).map(({ type }) => type)).toEqual(['message_creation', 'tool_calls', 'message_creation']);
      expect((await stage.messagesOf(thread_id)).map(textOf)).toEqual(['Hello', 'Let me see.', 'Seen.']);
      expect(stage.model.requests[1]?.body.messages[1]).toMatchObject({ role: 'assistant', content: 'Let me see.', tool_calls: [{ function: { name: 'a' } }] });
    });

    test('whose names do not exist are answered by the server, and the run goes on', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('real')] });
      stage.model.script(calls([call('unreal')]), text('Sorry.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run.status).toBe('completed');
      expect(stage.model.requests[1]?.body.messages.at(-1)).toMatchObject({ role: 'tool', content: expect.stringMatching(/no function named "unreal"/) as unknown });
      expect(textOf((await stage.messagesOf(thread_id)).at(-1))).toBe('Sorry.');
    });

    test('whose names do not exist leave the others to the client', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('real')] });
      stage.model.script(calls([call('unreal'), call('real')]));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });
      stage.model.script(text('Done.'));

      const done = await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id, tool_outputs: outputsFor(run) });

      expect(openCalls(run).map(({ name }) => name)).toEqual(['real']);
      expect(done.status).toBe('completed');
    });

    test('get their arguments as the model wrote them, malformed ones too, and {} for none', async () => {
      const stage = use();
      const run = await waiting(stage, [call('a', '{"n": 1'), call('a', 'not json'), call('a', '')]);
      stage.model.script(text('Done.'));

      const done = await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id: run.thread_id, tool_outputs: outputsFor(run) });

      expect(openCalls(run).map(({ arguments: given }) => given)).toEqual(['{"n": 1', 'not json', '{}']);
      expect(done.status).toBe('completed');
    });

    test('are called one at a time when the run says so', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([call('a', { n: 1 }), call('a', { n: 2 })]));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id, parallel_tool_calls: false });

      expect(run.parallel_tool_calls).toBe(false);
      expect(stage.model.requests[0]?.body.parallel_tool_calls).toBe(false);
      expect(openCalls(run).map(({ arguments: given }) => given)).toEqual(['{"n":1}']);
      stage.model.script(text('Done.'));
      await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id, tool_outputs: outputsFor(run) });
    });

    test('may answer nothing, and much', async () => {
      const stage = use();
      const run = await waiting(stage, [call('a'), call('a')]);
      const [first, second] = openCalls(run);
      stage.model.script(text('Done.'));

      await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id: run.thread_id, tool_outputs: [{ tool_call_id: first?.id ?? '' }, { tool_call_id: second?.id ?? '', output: 'y'.repeat(512_000) }] });

      const outputs = stage.model.requests[1]?.body.messages.slice(2).map(({ content }) => (typeof content === 'string' ? content.length : undefined));
      expect(outputs).toEqual([0, 512_000]);
    });
  });
}
