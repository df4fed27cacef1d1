/** One answer of the model with calls for the project's endpoints and calls for the client. */
import { describe, expect, test } from '@jest/globals';
import { calls, text } from '../../support/scripted-model.ts';
import type { Run } from '../clients/client.ts';
import { type Stage, eventually, textOf } from '../stage.ts';
import { listen, read, shape } from '../streams.ts';
import { Answerer, outputsOf } from '../tool-endpoints.ts';
import { functionTool, openCalls, outputsFor } from '../tools.ts';

const call = (name: string, n = 1) => ({ name, arguments: { n } });
const TOOLS = ['there', 'here'].map(functionTool);

/** A run that waits for `here` of its client, and for `there` of an endpoint that answers when it is told to. */
async function waiting(stage: Stage, { receiver }: Answerer): Promise<{ run: Run; release: () => void }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  receiver.answer = async ({ call: called }) => promise.then(() => `from ${called.function.name}`);
  const { assistant_id, thread_id } = await stage.newPair({ tools: TOOLS });
  stage.model.script(calls([call('there', 1), call('here', 2)]));
  const run = await stage.runs.createAndPoll(thread_id, { assistant_id });
  return { run, release: resolve };
}

export function toolEndpointsMixed(use: () => Stage): void {
  describe('tool endpoints beside the client', () => {
    test('leave it the other calls, and the run goes on when the endpoint comes last', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { run, release } = await waiting(stage, answerer);
      const { id, thread_id } = run;
      stage.model.script(text('Done.'));

      expect(openCalls(run).map(({ name }) => name)).toEqual(['here']);
      const [received] = await answerer.receiver.reached(1);
      const submitted = await stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(run) });
      const between = await stage.runs.retrieve(id, { thread_id });
      const [open] = await stage.stepsOf(run);
      const again = await stage.failure(stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(run) }));
      release();
      const done = await stage.runs.poll(id, { thread_id });

      expect(received?.call.function.name).toBe('there');
      expect([submitted.status, between.status]).toEqual(['queued', 'queued']);
      expect(between).toMatchObject({ required_action: null, expires_at: run.expires_at });
      expect(open).toMatchObject({ status: 'in_progress', step_details: { tool_calls: [{ function: { name: 'there', output: null } }, { function: { name: 'here', output: 'output of here' } }] } });
      expect(again).toMatchObject({ status: 400, message: 'Runs in status "queued" do not accept tool outputs.' });
      expect(done).toMatchObject({ status: 'completed', usage: { total_tokens: 30 } });
      expect(await outputsOf(stage, run)).toEqual(['from there', 'output of here']);
      expect((await stage.stepsOf(run)).map(({ id: step, status }) => [step === open?.id, status])).toEqual([[true, 'completed'], [false, 'completed']]);
      expect(stage.model.requests[1]?.body.messages.slice(2).map(({ content }) => content)).toEqual(['from there', 'output of here']);
      expect(answerer.receiver.received).toHaveLength(1);
    });

    test('go on with the client when that comes last', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { run, release } = await waiting(stage, answerer);
      const { id, thread_id } = run;
      release();
      await eventually('the output is stored', async () => ((await outputsOf(stage, run))[0] === 'from there' ? true : undefined));
      stage.model.script(text('Done.'));

      const seen = await stage.runs.retrieve(id, { thread_id });
      const done = await stage.runs.submitToolOutputsAndPoll(id, { thread_id, tool_outputs: outputsFor(seen) });

      expect(seen).toEqual(run);
      expect(openCalls(seen).map(({ name }) => name)).toEqual(['here']);
      expect(done.status).toBe('completed');
      expect(await outputsOf(stage, run)).toEqual(['from there', 'output of here']);
    });

    test('are shown by the streams on both sides of the client', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { promise, resolve: release } = Promise.withResolvers<void>();
      answerer.receiver.answer = () => promise.then(() => 'from there');
      const { assistant_id, thread_id } = await stage.newPair({ tools: TOOLS });
      stage.model.script(calls([call('there', 1), call('here', 2)]));

      const first = stage.runs.stream(thread_id, { assistant_id });
      const asked = listen(first);
      const run = await first.finalRun();
      stage.model.script(text('Done.', { pieces: ['Done.'] }));
      const told: string[] = [];
      const second = stage.runs.submitToolOutputsStream(run.id, { thread_id, tool_outputs: outputsFor(run) });
      second.on('event', ({ event }) => told.push(event));
      await eventually('the stream waits', async () => (told.length === 2 ? true : undefined));
      release();
      const done = await second.finalRun();

      // All calls are of the step; only one is the client's.
      expect(asked.calls).toMatchObject([{ function: { name: 'there' } }, { function: { name: 'here' } }]);
      expect(openCalls(run).map(({ name }) => name)).toEqual(['here']);
      expect(shape(told).filter((name) => !name.includes('delta'))).toEqual([
        'run.queued', 'run.in_progress', 'run.step.completed',
        'run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.completed', 'run.step.completed',
        'run.completed',
      ]);
      expect(done.status).toBe('completed');
      expect((await second.finalMessages()).map(textOf)).toEqual(['Done.']);
      expect(await outputsOf(stage, run)).toEqual(['from there', 'output of here']);
    });

    test('take their outputs from nobody else', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { run, release } = await waiting(stage, answerer);
      const { id, thread_id } = run;
      const [own] = openCalls(run);
      const [{ call: theirs } = { call: undefined }] = await answerer.receiver.reached(1);
      const submit = (...given: (string | undefined)[]) => stage.failure(stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: given.map((tool_call_id) => ({ tool_call_id, output: 'x' })) }));

      expect(await submit(own?.id, theirs?.id)).toMatchObject({ status: 400, message: `Expected tool outputs for call_ids ['${own?.id}'], got ['${own?.id}', '${theirs?.id}']` });
      expect(await submit(theirs?.id)).toMatchObject({ status: 400, message: `Expected tool outputs for call_ids ['${own?.id}'], got ['${theirs?.id}']` });
      expect(await stage.runs.retrieve(id, { thread_id })).toEqual(run);
      release();
      stage.model.script(text('Done.'));
      expect((await stage.runs.submitToolOutputsAndPoll(id, { thread_id, tool_outputs: outputsFor(run) })).status).toBe('completed');
      expect(await outputsOf(stage, run)).toEqual(['from there', 'output of here']);
    });

    test('may be several, each stored as it comes', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there', 'far']);
      const { promise, resolve: release } = Promise.withResolvers<void>();
      answerer.receiver.answer = ({ call: { function: called } }) => (called.name === 'far' ? promise.then(() => 'from far') : `from ${called.name} ${called.arguments}`);
      const { assistant_id, thread_id } = await stage.newPair({ tools: [...TOOLS, functionTool('far')] });
      stage.model.script(calls([call('far', 1), call('here', 2), call('there', 3), call('there', 4)]));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });
      await eventually('two outputs are stored', async () => ((await outputsOf(stage, run)).filter((output) => output !== null).length === 2 ? true : undefined));
      expect(await outputsOf(stage, run)).toEqual([null, null, 'from there {"n":3}', 'from there {"n":4}']);
      stage.model.script(text('Done.'));
      const told = { names: [] as string[], events: [] };
      const reading = read(stage.runs.submitToolOutputsStream(run.id, { thread_id, tool_outputs: outputsFor(run) }), told);
      release();
      await reading;

      expect(told.names.at(-1)).toBe('thread.run.completed');
      expect(await outputsOf(stage, run)).toEqual(['from far', 'output of here', 'from there {"n":3}', 'from there {"n":4}']);
    });

    test('do not keep a run from asking again', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { run, release } = await waiting(stage, answerer);
      const { id, thread_id } = run;
      release();
      stage.model.script(calls([call('there', 3), call('here', 4)]));
      const second = await stage.runs.submitToolOutputsAndPoll(id, { thread_id, tool_outputs: outputsFor(run) });
      stage.model.script(text('Done.'));
      const done = await stage.runs.submitToolOutputsAndPoll(id, { thread_id, tool_outputs: outputsFor(second) });

      expect(openCalls(second).map(({ arguments: given }) => given)).toEqual(['{"n":4}']);
      expect(done.status).toBe('completed');
      expect(await outputsOf(stage, run)).toEqual(['from there', 'output of here', 'from there', 'output of here']);
    });
  });
}
