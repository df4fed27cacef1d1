import { describe, expect, test } from '@jest/globals';
import { type Step, calls, contentFilter, hang, hold, httpError, length, refusal, text } from '../../support/scripted-model.ts';
import type { AssistantStreamEvent, EventIterator, Run } from '../clients/client.ts';
import { type Stage, textOf } from '../stage.ts';
import { type Told, listen, merged, only, read, shape } from '../streams.ts';
import { functionTool, outputsFor } from '../tools.ts';

type RunOf = Pick<Run, 'id' | 'thread_id'>;

/** The run's stream once more. */
export const follow = (stage: Stage, { id, thread_id }: RunOf): Promise<EventIterator> => stage.client.get(`/threads/${thread_id}/runs/${id}/stream`, { stream: true }) as Promise<EventIterator>;

/** Begins to read, and resolves when the first events are there. */
async function attach(stage: Stage, run: RunOf): Promise<{ told: Told; reading: Promise<Told> }> {
  const told: Told = { names: [], events: [] };
  const begun = Promise.withResolvers<void>();
  const events = await follow(stage, run);
  const noticed = async function* (): AsyncGenerator<AssistantStreamEvent> {
    for await (const event of events) {
      if (event.event === 'thread.run.queued') setImmediate(begun.resolve);
      yield event;
    }
  };
  const reading = read(noticed(), told);
  await Promise.race([begun.promise, reading]);
  return { told, reading };
}

const runOf = ({ events: [first] }: Told): Run => first?.data as Run;

/** What a run told before and after its outputs, as if it had never waited. It counts as begun when it went on. */
function asOne(asked: Told, answered: Told): AssistantStreamEvent[] {
  const again = answered.events.find(({ event }) => event === 'thread.run.in_progress');
  const first = asked.events.filter(({ event }) => event !== 'thread.run.requires_action').map((event) => (event.event === 'thread.run.in_progress' ? (again ?? event) : event));
  return merged([...first, ...answered.events.filter(({ event }) => event !== 'thread.run.queued' && event !== 'thread.run.in_progress')]);
}

export function following(use: () => Stage): void {
  describe('a stream that is told again', () => {
    test.each<[string, Step[]]>([
      ['a text', [text('Hello to you', { pieces: ['Hello', ' to', ' you'] })]],
      ['a refusal', [refusal('I would rather not.')]],
      ['a text that was too long', [length('Hello')]],
      ['calls that were too long', [length([{ name: 'a', arguments: '{"n":' }])]],
      ['a text that was filtered', [contentFilter('Hello')]],
      ['functions that do not exist, and a text', [calls([{ name: 'unreal', arguments: {} }, { name: 'unreal', arguments: { n: 1 } }], { text: 'Let me see.' }), text('Sorry.')]],
      ['a failure', [httpError(400, { message: 'no' })]],
      ['nothing at all', [text('')]],
    ])('after its end is as it was: %s', async (_what, steps) => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(...steps);
      const original = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      const again = await read(await follow(stage, runOf(original)));

      expect(merged(again.events)).toEqual(merged(original.events));
      expect(again.events.filter(({ event }) => event === 'thread.message.delta').length).toBeLessThanOrEqual(again.names.filter((name) => name === 'thread.message.created').length);
    });

    test('in the middle of a text has what was said, and goes on', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      const step = hold('Hello to you');
      stage.model.script(calls([{ name: 'unreal', arguments: {} }]), step);
      const original: Told = { names: [], events: [] };
      const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }), original);
      await step.reached;

      const [run] = (await stage.runs.list(thread_id)).data;
      const followers = await Promise.all([1, 2, 3].map(() => attach(stage, run ?? runOf(original))));
      step.release();
      await reading;

      for (const { reading: following } of followers) expect(merged((await following).events)).toEqual(merged(original.events));
    });

    test('of a run that nobody streams is the same whenever it is asked for', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello to you').gated();
      stage.model.script(step);
      const run = await stage.runs.create(thread_id, { assistant_id });
      const early = await attach(stage, run);
      await step.reached;
      const late = await attach(stage, run);

      step.release();
      const told = [await early.reading, await late.reading, await read(await follow(stage, run))];

      const [first] = told;
      for (const { events } of told) expect(merged(events)).toEqual(merged(first?.events ?? []));
      expect(shape(first?.names ?? [])).toEqual(['run.created', 'run.queued', 'run.in_progress', 'run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.delta', 'message.completed', 'run.step.completed', 'run.completed']);
      expect(first && textOf(only(first, 'thread.message.completed'))).toBe('Hello to you');
    });

    test('of a run that waits for outputs ends there, and after them does not', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a'), functionTool('b')] });
      stage.model.script(calls([{ name: 'a', arguments: { n: 1 } }, { name: 'b', arguments: { n: 2 } }], { text: 'Let me see.' }));
      const asked = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));
      const run = only(asked, 'thread.run.requires_action');

      const waiting = await read(await follow(stage, run));
      const step = hold('All done');
      stage.model.script(step);
      const answering = read(await stage.runs.submitToolOutputs(run.id, { thread_id, tool_outputs: outputsFor(run), stream: true }));
      await step.reached;
      const following = await attach(stage, run);
      step.release();
      const answered = await answering;

      expect(merged(waiting.events)).toEqual(merged(asked.events));
      expect(merged((await following.reading).events)).toEqual(asOne(asked, answered));
      expect(merged((await read(await follow(stage, run))).events)).toEqual(asOne(asked, answered));
    });

    test('is one that the stream helper understands', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([{ name: 'a', arguments: { n: 1 } }], { text: 'Let me see.' }));
      const waiting = await stage.runs.createAndPoll(thread_id, { assistant_id });
      const asking = stage.sdk.helperOf(await follow(stage, waiting));
      const asked = listen(asking);
      expect(await asking.finalRun()).toEqual(waiting);
      stage.model.script(text('All done.'));
      const run = await stage.runs.submitToolOutputsAndPoll(waiting.id, { thread_id, tool_outputs: outputsFor(waiting) });

      const stream = stage.sdk.helperOf(await follow(stage, run));
      const heard = listen(stream);
      const [last, messages, steps] = await Promise.all([stream.finalRun(), stream.finalMessages(), stream.finalRunSteps()]);

      expect(asked.calls).toMatchObject([{ function: { name: 'a', arguments: '{"n":1}' } }]);
      expect(asked.log).toEqual(expect.arrayContaining(['toolCallCreated function', 'toolCallDelta', 'toolCallDone', 'textDone Let me see.']));
      expect(last).toEqual(run);
      expect(messages.map(textOf)).toEqual(['Let me see.', 'All done.']);
      expect(steps.map(({ id, status }) => ({ id, status }))).toEqual((await stage.stepsOf(run)).map(({ id }) => ({ id, status: 'completed' })));
      expect(heard.texts).toEqual(['Let me see.', 'All done.']);
    });

    test('of a run that is cancelled while it speaks tells that in order', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang('Hello to');
      stage.model.script(step);
      const original: Told = { names: [], events: [] };
      const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }), original);
      await step.reached;
      const [run] = (await stage.runs.list(thread_id)).data;
      const following = await attach(stage, run ?? runOf(original));

      await stage.runs.cancel(run?.id ?? '', { thread_id });
      await reading;

      expect(merged((await following.reading).events)).toEqual(merged(original.events));
      expect(merged((await read(await follow(stage, runOf(original)))).events)).toEqual(merged(original.events));
    });

    test('of a run that is cancelled while it waits for outputs closes its step', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([{ name: 'a', arguments: {} }]));
      const waiting = await stage.runs.createAndPoll(thread_id, { assistant_id });
      await stage.runs.cancel(waiting.id, { thread_id });
      const run = await stage.runs.poll(waiting.id, { thread_id });

      const told = await read(await follow(stage, run));

      expect(shape(told.names)).toEqual(['run.created', 'run.queued', 'run.in_progress', 'run.step.created', 'run.step.in_progress', 'run.step.delta', 'run.cancelling', 'run.step.cancelled', 'run.cancelled']);
      expect(only(told, 'thread.run.cancelled')).toEqual(run);
    });

    test('of a run whose message was deleted leaves it out', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('Hello'));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });
      await stage.messages.delete((await stage.messagesOf(thread_id)).at(-1)?.id ?? '', { thread_id });

      const told = await read(await follow(stage, run));

      expect(shape(told.names).slice(3)).toEqual(['run.step.created', 'run.step.in_progress', 'run.step.completed', 'run.completed']);
    });

    test('ends with an error when the run goes away with its thread', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hang('Hello to');
      stage.model.script(step);
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;
      const events = await follow(stage, run);
      const failing = stage.failure(read(events));

      await stage.threads.delete(thread_id);
      await step.aborted;

      expect((await failing).message).toContain(`No thread found with id '${thread_id}'.`);
    });

    test('refuses as the run itself does what is not there', async () => {
      const stage = use();
      const { thread_id } = await stage.newPair();
      const stranger = stage.connect({ apiKey: await stage.server.createKey('another') });

      const noRun = await stage.failure(follow(stage, { id: 'run_none', thread_id }));
      const noThread = await stage.failure(follow(stage, { id: 'run_none', thread_id: 'thread_none' }));
      const notARun = await stage.failure(follow(stage, { id: 'msg_1', thread_id }));
      const foreign = await stage.failure(stranger.get(`/threads/${thread_id}/runs/run_none/stream`, { stream: true }));

      expect(noRun).toMatchObject({ status: 404, message: "No run found with id 'run_none'." });
      expect(noThread).toMatchObject({ status: 404, message: "No thread found with id 'thread_none'." });
      expect(notARun).toMatchObject({ status: 400, param: 'run_id' });
      expect(foreign).toMatchObject({ status: 404, message: `No thread found with id '${thread_id}'.` });
    });
  });
}
